// The widget's one global, `shoptalk`: reads the script tag, puts the window on the page, and opens it to the page by
// methods and events. What the tag may say is in docs/widget.md.

import { safe } from './dom.js';
import { Memory } from './memory.js';
import { Panel } from './panel.js';
import { Talk } from './talk.js';
import { wordsFor } from './words.js';
import { Wire } from './wire.js';

const ELEMENT = 'shoptalk-widget';
const FROM_RIGHT = /^(ar|he|fa|ur)\b/i;

async function start(script) {
  const {
    siteKey,
    locale,
    dir,
    theme,
    position,
    zIndex,
    name,
    label,
    greeting,
    questions,
    cart,
    productUrl,
    launcher,
    api,
    shopperToken,
  } = script.dataset;
  if (!siteKey) {
    console.error('shoptalk: the script tag needs data-site-key="site_…" (shoptalk keys make site …)');
    return;
  }
  // The element stands for the whole widget from now on, so that a second tag finds it.
  const host = document.createElement(ELEMENT);
  document.body.append(host);
  const address = (api || new URL('.', script.src).href).replace(/\/$/, '');
  const words = await wordsFor([locale, document.documentElement.lang, ...navigator.languages], address);
  words.number = (value, digits) =>
    value.toLocaleString(words.language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const shadow = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  const root = document.createElement('div');
  root.className = 'root';
  root.lang = words.language;
  root.dir = dir || (FROM_RIGHT.test(locale || '') ? 'rtl' : getComputedStyle(document.body).direction);
  if (theme) root.dataset.theme = theme;
  // "left" and "right" are what they say, whichever way the page runs.
  const atStart = position === 'start' || position === (root.dir === 'rtl' ? 'right' : 'left');
  if (atStart) root.dataset.side = 'start';
  root.style.setProperty('--z', zIndex || '2147483000');
  shadow.append(root);

  // True unless the page took the event over.
  const tell = (kind, detail) =>
    host.dispatchEvent(
      new CustomEvent(`shoptalk:${kind}`, { detail, bubbles: true, composed: true, cancelable: true }),
    );
  const options = {
    words,
    name,
    label,
    greeting,
    launcher,
    questions: (questions || '')
      .split('|')
      .map((one) => one.trim())
      .filter(Boolean),
  };
  const wire = new Wire(address, siteKey);
  let talk;
  let memory;

  const panel = new Panel(root, options, {
    say: (text) => talk.say(text),
    stop: () => talk.stop(),
    untag: (tag) => talk.untag(tag),
    renew: () => talk.renew(),
    erase: () => talk.erase(),
    plain: () => talk.plain(),
    opened: () => {
      memory.tabKeep({ open: true });
      talk.load();
      tell('open', {});
    },
    closed: () => {
      memory.tabKeep({ open: false });
      tell('close', {});
    },
  });
  const shop = {
    words,
    cart: cart !== undefined && cart !== 'off',
    pictures: `${address}/`,
    page: (card) =>
      safe(card.page_url || (productUrl || '').replaceAll('{id}', encodeURIComponent(card.item_id)), document.baseURI),
    pressed: (item) => memory.all.pressed[item],
    tray: panel.tray,
    act: (...pressed) => talk.act(...pressed),
    follow: (...clicked) => talk.follow(...clicked),
    rate: (...rated) => talk.rate(...rated),
    say: (text) => talk.say(text),
  };
  // Each signed shopper has a conversation of their own; so has whoever is nobody in particular.
  function become(token) {
    talk?.close();
    wire.token = token || '';
    memory = new Memory(`shoptalk:${siteKey}:${(token || '').split('.')[0]}`, (said) => talk.heard(said));
    talk = new Talk(wire, memory, panel, shop, tell);
    if (panel.isOpen) talk.load();
  }
  become(shopperToken);

  window.shoptalk = Object.freeze({
    open: () => panel.open(),
    close: () => panel.close(),
    // Opens the window and says the text in it, as if the shopper had; false where an answer runs.
    send(text) {
      panel.open();
      return talk.say(text);
    },
    // What the shopper did with an item on the page: view, click, like, dislike, cart, purchase.
    track: (kind, item) => talk.track(kind, String(item)),
    // Who is shopping now: a token that the shop's server signed; none for nobody in particular.
    identify: become,
    get session() {
      return talk.session;
    },
    get isOpen() {
      return panel.isOpen;
    },
  });
  if (memory.tab.open) panel.open(false);
  tell('ready', {});
}

// Included twice, the first one counts.
const script = document.currentScript;
const isThere = () => window.shoptalk || document.querySelector(ELEMENT);
if (script && !isThere()) {
  if (document.body) start(script);
  else document.addEventListener('DOMContentLoaded', () => isThere() || start(script));
}
