// Making elements, and which addresses may be followed. Text goes in as text nodes only: nothing here, or anywhere in
// the widget, parses markup.

const SVG = 'http://www.w3.org/2000/svg';

// An element; `on…` are listeners, false and null leave an attribute out. Never `style`: a strict policy refuses it.
export function h(name, given, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(given || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child || child === 0));
  return node;
}

export const button = (given, ...children) => h('button', { type: 'button', ...given }, ...children);

// Said to who hears, shown to who points.
export const named = (word) => ({ 'aria-label': word, title: word });

function svg(name, given, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(given)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const PATHS = {
  chat: 'M5 4.5h14a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2h-7l-4.6 3.8V17H5a2 2 0 0 1-2-2V6.5a2 2 0 0 1 2-2z',
  close: 'm7 7 10 10m0-10L7 17',
  more: 'M12 6h.01M12 12h.01M12 18h.01',
  send: 'M12 19V5.5m-6 6 6-6 6 6',
  stop: 'M8 8h8v8H8z',
  heart: 'M12 20.3 4.6 13a4.9 4.9 0 0 1 0-7 4.9 4.9 0 0 1 7 0l.4.5.4-.5a4.9 4.9 0 0 1 7 0 4.9 4.9 0 0 1 0 7z',
  ban: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.5 6.5l11 11',
  basket: 'M4 9h16l-1.5 10a1 1 0 0 1-1 .9H6.5a1 1 0 0 1-1-.9zM8.5 9l3-5.5m4 5.5-3-5.5',
  compare: 'M4 8.5h15m-4-4 4 4-4 4M20 15.5H5m4-4-4 4 4 4',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  up: 'M7 10.5v9H4.5v-9zm0 0 4-7c1.5 0 2.3 1 2 2.5l-.6 3.5h5a1.8 1.8 0 0 1 1.8 2.2l-1.4 6.3a2 2 0 0 1-2 1.5H7',
  back: 'm14.5 6-6 6 6 6',
  on: 'm9.5 6 6 6-6 6',
  down: 'M12 5.5V18m-5.5-5.5L12 18l5.5-5.5',
  plus: 'M12 5.5v13M5.5 12h13',
  bin: 'M5 7h14M10 7V4.5h4V7m-7.5 0 1 12.5h9l1-12.5M10.5 11v5m3-5v5',
  eye: 'M4 4l16 16M9.9 5.3A9 9 0 0 1 12 5c6 0 9 7 9 7a14 14 0 0 1-2.6 3.5M6.5 7.5A14 14 0 0 0 3 12s3 7 9 7a9 9 0 0 0 4-1M10 10.5a2.5 2.5 0 0 0 3.5 3.5',
};

// A drawn icon, which says nothing to a screen reader: whatever holds it has a name.
export function icon(name, kind = '') {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', class: `icon ${kind}`, 'aria-hidden': 'true' },
    svg('path', { d: PATHS[name] }),
  );
}

// A drawn stand-in that lies under every picture, so that a slow or missing one leaves a card that looks finished.
// Its colour stays the same for a category.
export function placeholder(category) {
  let hue = 7;
  for (const letter of category) hue = (hue * 31 + letter.codePointAt(0)) % 360;
  const label = svg('text', { x: 100, y: 132, 'text-anchor': 'middle' });
  label.textContent = category.slice(0, 24);
  const drawn = svg(
    'svg',
    { viewBox: '0 0 200 160', preserveAspectRatio: 'xMidYMid slice', class: 'drawn', 'aria-hidden': 'true' },
    svg('circle', { cx: 140 + (hue % 30), cy: 44, r: 60 }),
    svg('path', { d: `M-10 ${104 + (hue % 20)} Q60 66 110 102 T210 90 V170 H-10z` }),
    label,
  );
  drawn.style.setProperty('--hue', hue);
  return drawn;
}

const LOCAL = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

// The address, made absolute, if it may be followed: https, or http on this very machine for whoever develops. Else ''.
// Browsers drop tabs and newlines and read a backslash as a slash, so an address with any of them is none.
export function safe(address, base) {
  if (!address || /[\s\\\u0000-\u001f\u007f]/.test(address)) return '';
  try {
    const url = new URL(address, base);
    return url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL.test(url.hostname)) ? url.href : '';
  } catch {
    return '';
  }
}
