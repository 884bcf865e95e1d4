// One item as the shopper sees it, and a strip of them. Knows how a card looks; what its buttons do is the caller's.

import { button, h, icon, placeholder, safe } from './dom.js';
import { fill } from './words.js';

// The card's element. `shop` says where pictures and pages are, what was pressed before, and acts.
export function cardOf(card, turn, level, shop) {
  const { words } = shop;
  const act = (kind, word, drawn, said) => {
    const press = () => shop.act(kind, card, turn, node);
    const given = { class: `act ${kind}`, 'aria-label': `${word}: ${card.title}`, title: word, onclick: press };
    return button(given, icon(drawn), said && h('span', null, word));
  };
  const address = shop.page(card);
  const title = address
    ? h('a', { href: address, onclick: (click) => shop.follow(click, card, turn, address) }, card.title)
    : card.title;
  const node = h(
    'li',
    { class: 'card', 'data-item': card.item_id },
    h('div', { class: 'picture' }, placeholder(card.category.at(-1) || card.title), picture(card, shop), outside(card)),
    h(
      'div',
      { class: 'body' },
      card.brand && h('p', { class: 'brand' }, card.brand),
      h(level, { class: 'card-title', title: card.title }, title),
      h('p', { class: 'money' }, h('span', { class: 'price' }, card.price_text || words.noPrice), rating(card, words)),
      card.facts.length > 0 &&
        h('ul', { class: 'facts', role: 'list' }, ...card.facts.slice(0, 2).map((fact) => h('li', null, fact))),
      card.variants && h('p', { class: 'variants' }, card.variants),
      card.mark && h('p', { class: 'paid' }, card.mark),
      card.reason && h('p', { class: 'reason' }, card.reason),
    ),
    h(
      'div',
      { class: 'acts' },
      shop.cart && act('cart', words.cart, 'basket', true),
      act('refuse', words.refuse, 'ban', !shop.cart),
    ),
    act('like', words.like, 'heart'),
    act('compare', words.compare, 'compare'),
  );
  shop.tray.mark(node);
  markPressed(node, shop.pressed(card.item_id));
  return node;
}

// Show which of like and refuse the shopper pressed last.
export function markPressed(node, kind) {
  for (const one of ['like', 'refuse']) {
    node.querySelector(`.${one}`).setAttribute('aria-pressed', String((kind === 'dislike' ? 'refuse' : kind) === one));
  }
  node.classList.toggle('refused', kind === 'dislike');
}

// Say for a moment on the button that the item is in the cart; a second press meanwhile adds no second one.
export function markAdded(node, words) {
  const button = node.querySelector('.cart');
  const before = [...button.childNodes];
  button.replaceChildren(icon('check'), h('span', null, words.added));
  button.dataset.added = '';
  setTimeout(() => {
    button.replaceChildren(...before);
    delete button.dataset.added;
  }, 2500);
}

// Cards in a row that scrolls; the two buttons are for a mouse, and Tab reaches every card without them.
export function strip(cards, words) {
  const list = h('ul', { role: 'list' }, ...cards);
  const turner = (name, way) => {
    const turn = () => {
      const sign = getComputedStyle(list).direction === 'rtl' ? -way : way;
      list.scrollBy({ left: sign * list.clientWidth * 0.8 });
    };
    const given = { class: `turner ${name}`, tabindex: -1, 'aria-hidden': 'true', hidden: true, onclick: turn };
    return button({ ...given, title: words[name] }, icon(name, name));
  };
  const [back, on] = [turner('back', -1), turner('on', 1)];
  const look = () => {
    const at = Math.abs(list.scrollLeft);
    back.hidden = at < 8;
    on.hidden = at + list.clientWidth > list.scrollWidth - 8;
  };
  list.addEventListener('scroll', look, { passive: true });
  new ResizeObserver(look).observe(list);
  return h('div', { class: 'strip' }, back, list, on);
}

function picture(card, shop) {
  const address = safe(card.picture_url, shop.pictures);
  if (!address) return null;
  // An empty alt: the title stands beside it.
  const image = h('img', { src: address, alt: '', loading: 'lazy', decoding: 'async', referrerpolicy: 'no-referrer' });
  image.addEventListener('error', () => image.remove());
  return image;
}

function outside(card) {
  return card.outside.length > 0 && h('span', { class: 'outside' }, card.outside.join(' · '));
}

function rating(card, words) {
  if (card.rating === null) return null;
  const [r, n] = [words.number(card.rating, 1), card.rating_count === null ? '' : words.number(card.rating_count, 0)];
  return h(
    'span',
    { class: 'rating', role: 'img', 'aria-label': fill(words.rated, { r }) + (n && ` (${n})`) },
    h('span', { class: 'star' }, '★'),
    r + (n && ` (${n})`),
  );
}
