// Setting items against each other: the tray of those that were chosen for it. Knows the words by which the assistant is
// asked to compare; what it answers is shown by the exchange.

import { button, h, icon, named } from './dom.js';
import { fill } from './words.js';

const NAMES = { price: 'ofPrice', rating: 'ofRating', brand: 'ofBrand', category: 'ofCategory', stock: 'ofStock' };
const MOST = 4; // beyond that nobody reads the table

export class Tray {
  #chosen = new Map(); // title by item, in the order of choosing
  #said;
  #go;

  // `log` holds the cards; `say` asks the assistant, false where it cannot be asked now; `announce` tells who hears.
  constructor(words, log, { say, announce, left }) {
    Object.assign(this, { words, log, say, announce, left });
    this.#said = h('p', { id: 'tray-said' });
    this.#go = button({ class: 'do', 'aria-describedby': 'tray-said', onclick: () => this.#compare() }, words.compare);
    const none = button({ ...named(words.uncompare), onclick: () => (this.clear(), left()) }, icon('close'));
    this.node = h('div', { class: 'tray', role: 'group', 'aria-label': words.compare, hidden: true });
    this.node.append(this.#said, this.#go, none);
  }

  // Choose a card, or leave one that was chosen.
  toggle({ item_id: item, title }) {
    if (this.#chosen.delete(item)) return this.#draw();
    if (this.#chosen.size >= MOST) return this.announce(fill(this.words.compareFull, { n: MOST }));
    this.#chosen.set(item, title);
    return this.#draw();
  }

  clear() {
    this.#chosen.clear();
    this.#draw();
  }

  // Show on a card whether it is chosen.
  mark(node) {
    node.querySelector('.compare').setAttribute('aria-pressed', String(this.#chosen.has(node.dataset.item)));
  }

  #draw() {
    for (const node of this.log.querySelectorAll('.card')) this.mark(node);
    const few = this.#chosen.size < 2;
    this.node.hidden = !this.#chosen.size;
    this.#go.setAttribute('aria-disabled', String(few));
    this.#said.textContent = few ? this.words.compareMore : [...this.#chosen.values()].join(' · ');
  }

  #compare() {
    if (this.#chosen.size < 2) return;
    const titles = [...this.#chosen.values()];
    const items = [titles.slice(0, -1).join(', '), titles.at(-1)].join(this.words.compareAnd);
    if (!this.say(fill(this.words.compareSay, { items }))) return;
    this.left();
  }
}

// The table of an answer that compares: a column an item, a row a fact in which they differ. Null where there is none.
export function table({ items, rows }, words) {
  if (!rows.length) return null;
  const heads = items.map((item) => h('th', { scope: 'col' }, item.title));
  const cell = (value) => h('td', value === null && { class: 'unsaid' }, value ?? words.unsaid);
  const row = ({ key, name, values, matters }) =>
    h('tr', matters && { class: 'matters' }, h('th', { scope: 'row' }, words[NAMES[key]] || name), ...values.map(cell));
  const drawn = h(
    'table',
    null,
    h('caption', null, words.differs),
    h('thead', null, h('tr', null, h('td'), ...heads)),
    h('tbody', null, ...rows.map(row)),
  );
  // It scrolls by itself where it is wide, also by keys.
  return h('div', { class: 'wide', role: 'group', 'aria-label': words.differs, tabindex: 0 }, drawn);
}
