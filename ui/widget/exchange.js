// One turn as shown: what was said, the cards, the sentences, how it ended. Knows the events of an answer; knows nothing
// of how they come.

import { cardOf, strip } from './card.js';
import { table } from './comparison.js';
import { button, h, icon, named } from './dom.js';
import { fill } from './words.js';

export class Exchange {
  turn = '';
  cards = [];
  state = 'running'; // 'done', 'stopped', 'failed'
  #held = new Map(); // element of each shown card, by item, with what it shows
  #stage = '';
  #sentences = [];
  #personal = true;

  constructor(shop, { said = '', note = '' }) {
    this.said = said;
    this.shop = shop;
    const words = shop.words;
    const asked = said
      ? h('p', { class: 'said' }, h('span', { class: 'only-said' }, words.you), said)
      : note && h('p', { class: 'note' }, note);
    this.parts = {};
    for (const name of ['meta', 'cards', 'versus', 'text', 'wait', 'after', 'thumbs', 'chips'])
      this.parts[name] = h('div', { class: name });
    this.node = h('article', { class: 'exchange' }, asked, ...Object.values(this.parts));
    this.#wait();
  }

  get text() {
    return this.#sentences.join(' ');
  }

  // Fold one event of the answer in.
  apply(event) {
    if (event.type === 'again') {
      this.#sentences = [];
      this.parts.text.replaceChildren();
    } else if (event.type === 'session') {
      this.turn = event.turn_id;
      this.#personal = event.personalised;
    } else if (event.type === 'cards') {
      this.#stage = event.stage;
      this.#show(event.cards);
    } else if (event.type === 'comparison') {
      this.#compare(event.comparison);
    } else if (event.type === 'text') {
      this.#sentences.push(event.text);
      this.parts.text.append(h('span', null, `${event.text} `));
    } else if (event.type === 'done') {
      this.#end('done');
      if (!event.llm_reached) this.#aside(this.shop.words.noModel);
      this.suggest(event.chips);
      this.rate(null);
    }
    this.#wait();
  }

  // As it was kept, after a reload.
  restore(kept, chips) {
    this.apply({ type: 'session', turn_id: kept.turn_id, personalised: true });
    this.#show(kept.cards);
    this.#compare(kept.comparison);
    if (kept.text) this.apply({ type: 'text', text: kept.text });
    if (kept.finished) this.apply({ type: 'done', llm_reached: kept.llm_reached, chips });
    else this.stop();
    this.rate(kept.thumb);
    return this;
  }

  stop() {
    this.#end('stopped');
    this.#aside(this.shop.words.stopped);
  }

  // What went wrong, in plain words; `retry` is offered where it may help.
  fail(message, reference, retry) {
    const { words } = this.shop;
    this.#end('failed');
    this.parts.after.replaceChildren(
      h('p', { class: 'error' }, message, reference && h('small', null, `# ${reference}`)),
    );
    if (retry) this.parts.after.append(button({ class: 'retry', onclick: retry }, words.again));
  }

  // Run once more, where it failed.
  resume() {
    this.state = 'running';
    this.parts.after.replaceChildren();
    this.apply({ type: 'again' });
  }

  // Suggested answers; none once the shopper has gone on.
  suggest(chips) {
    const say = (chip) => button({ onclick: () => this.shop.say(chip) }, chip);
    this.parts.chips.replaceChildren(...chips.map(say));
  }

  // The thumbs under a finished answer, and which of them is pressed.
  rate(thumb) {
    const { words } = this.shop;
    const made = (name) => {
      const press = () => this.shop.rate(this, thumb === name ? null : name);
      const given = { ...named(words[name]), 'aria-pressed': String(thumb === name), onclick: press };
      return button(given, icon('up', name === 'down' ? 'poor' : ''));
    };
    const focused = [...this.parts.thumbs.children].indexOf(this.node.getRootNode().activeElement);
    if (this.state === 'done' && this.turn) {
      this.parts.thumbs.replaceChildren(made('up'), made('down'));
      this.parts.thumbs.children[focused]?.focus();
    }
  }

  // What is said at the end, once: sentence by sentence would talk over the shopper.
  get announcement() {
    const said = [this.parts.meta.textContent, this.text, this.parts.after.textContent].filter(Boolean);
    return said.map((part, at) => (at < said.length - 1 && !/[.!?…。]$/.test(part) ? `${part}.` : part)).join(' ');
  }

  #end(state) {
    this.state = state;
    this.#wait();
  }

  #aside(words) {
    this.parts.after.replaceChildren(h('p', { class: 'aside' }, words));
  }

  #wait() {
    const { words } = this.shop;
    const written = this.#stage === 'final' || this.#sentences.length;
    const word = this.elsewhere || (written ? words.writing : words.looking);
    const dots = this.state === 'running' ? [h('span', null, word), h('i'), h('i'), h('i')] : [];
    this.parts.wait.replaceChildren(...dots);
    this.parts.wait.hidden = !dots.length;
  }

  // Final cards take the place of the first ones; an item that stays keeps its element, and moves to its new place.
  #show(cards) {
    const { words } = this.shop;
    const places = new Map([...this.#held].map(([item, { node }]) => [item, node.getBoundingClientRect()]));
    const wants = [...new Set(cards.map((card) => card.want))];
    const held = new Map();
    const nodeOf = (card) => {
      const shown = JSON.stringify({ ...card, position: 0 });
      const before = this.#held.get(card.item_id);
      const node =
        before?.shown === shown ? before.node : cardOf(card, this.turn, wants.length > 1 ? 'h4' : 'h3', this.shop);
      held.set(card.item_id, { node, shown });
      return node;
    };
    const row = (want) => strip(cards.filter((card) => card.want === want).map(nodeOf), words);
    const rows =
      wants.length > 1
        ? wants.map((want) =>
            h('section', { class: 'group', 'aria-label': want }, h('h3', { class: 'want' }, want), row(want)),
          )
        : wants.map(row);
    const focused = this.node.getRootNode().activeElement;
    this.parts.cards.replaceChildren(...rows);
    if (focused && this.parts.cards.contains(focused)) focused.focus({ preventScroll: true });
    this.#held = held;
    this.cards = cards;
    const picks = fill(cards.length === 1 ? words.pick : words.picks, { n: cards.length });
    this.parts.meta.textContent = cards.length ? picks + (this.#personal ? '' : ` · ${words.notPersonal}`) : '';
    this.#glide(places);
  }

  #compare(comparison) {
    const drawn = comparison && table(comparison, this.shop.words);
    this.parts.versus.replaceChildren(...(drawn ? [drawn] : []));
  }

  #glide(places) {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    for (const [item, { node }] of this.#held) {
      const before = places.get(item);
      const way = before ? before.left - node.getBoundingClientRect().left : 0;
      if (before && Math.abs(way) > 1)
        node.animate([{ translate: `${way}px 0` }, {}], { duration: 240, easing: 'ease-out' });
      else if (!before) node.animate([{ opacity: 0, translate: '0 6px' }, {}], { duration: 240, easing: 'ease-out' });
    }
  }
}
