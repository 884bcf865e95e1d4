// The conversation: what is asked, what comes, what is kept for a reload and for other tabs. Knows the API's events and
// the window's parts; draws nothing of its own.

import { markAdded, markPressed } from './card.js';
import { Exchange } from './exchange.js';
import { fill } from './words.js';
import { Trouble, uuid } from './wire.js';

const FRESH_MS = 10 * 60_000; // a question that a reload cut off is asked on for so long

export class Talk {
  #exchanges = [];
  #running = null; // what stops the answer that runs
  #loaded = false;
  #waiting = null; // what goes on once the browser is online
  #foreign = null; // an exchange that another tab is having
  #ending = new AbortController();

  constructor(wire, memory, panel, shop, tell) {
    Object.assign(this, { wire, memory, panel, shop, tell });
    const { signal } = this.#ending;
    addEventListener('online', () => this.#waiting?.(), { signal });
    // A browser may break connections off before it leaves a page: that is no lost connection.
    addEventListener('pagehide', () => this.#leave(), { signal });
    addEventListener('pageshow', () => this.#back(), { signal });
    panel.busy(false);
    panel.tags([]);
    panel.welcome();
    panel.plainIs(memory.all.plain);
  }

  // No longer the conversation that is shown.
  close() {
    this.#ending.abort();
    this.stop();
    this.#running = null;
    this.memory.close();
  }

  // Other tabs wait no longer for this one.
  #leave() {
    this.leaving = true;
    if (this.#running) this.memory.tell({ what: 'ended' });
  }

  // The page is shown again as it was left, an answer perhaps broken off in it.
  #back() {
    this.leaving = false;
    if (!this.#running?.broken) return;
    this.#running = null;
    this.#loaded = false;
    this.panel.busy(false);
    this.load();
  }

  get session() {
    return this.memory.all.session;
  }

  // Say something; false where it cannot be said now.
  say(text) {
    const said = String(text).trim();
    if (!said || this.#running) return false;
    this.#begin({ message: said }, { said });
    this.tell('message', { role: 'shopper', text: said, session_id: this.session });
    return true;
  }

  untag(tag) {
    if (this.#running || !this.session) return;
    this.#begin({ remove_tag: tag.id }, { note: fill(this.shop.words.removed, { what: tag.label }) });
  }

  stop() {
    this.#running?.abort();
  }

  #begin(asked, shown) {
    this.#loaded = true;
    this.shop.tray.clear();
    this.#foreign?.node.remove();
    this.#foreign = null;
    for (const exchange of this.#exchanges) exchange.suggest([]);
    const body = { ...asked, personalise: !this.memory.all.plain };
    if (this.session) body.session_id = this.session;
    this.#run(this.#add(new Exchange(this.shop, shown)), { body, key: uuid(), shown, since: Date.now() });
  }

  #add(exchange) {
    this.#exchanges.push(exchange);
    this.panel.add(exchange);
    return exchange;
  }

  // Run one turn to its end; `asked` is what a reload, or another try, needs to go on with it.
  async #run(exchange, asked) {
    const stopping = (this.#running = new AbortController());
    this.#waiting = null;
    this.memory.tabKeep({ pending: asked });
    this.memory.tell({ what: 'begun', shown: asked.shown });
    this.panel.busy(true);
    this.panel.announce('');
    let keep = false;
    try {
      for await (const event of this.wire.turn(asked.body, asked.key, stopping.signal)) {
        if (stopping.signal.aborted) break;
        this.#take(event, exchange, asked);
        this.panel.follow(exchange);
      }
      if (stopping.signal.aborted) exchange.stop();
    } catch (error) {
      if (this.leaving) stopping.broken = true;
      else if (stopping.signal.aborted) exchange.stop();
      else keep = await this.#explain(error, exchange, asked);
    } finally {
      if (!this.leaving && this.#running === stopping) {
        this.#running = null;
        if (!keep) this.memory.tabKeep({ pending: null });
        this.panel.busy(false);
        this.panel.follow(exchange);
        this.panel.announce(exchange.announcement);
        this.memory.tell({ what: 'ended' });
      }
    }
  }

  #take(event, exchange, asked) {
    if (event.type === 'session') {
      this.memory.keep({ session: event.session_id });
      asked.turn = event.turn_id;
      this.memory.tabKeep({ pending: asked });
    } else if (event.type === 'need') {
      this.panel.tags(event.tags);
    } else if (event.type === 'error') {
      if (event.error_id === 'stopped') exchange.stop();
      else this.#fail(exchange, asked, 'failed', event.error_id);
      return;
    }
    exchange.apply(event);
    if (event.type !== 'done') return;
    this.memory.keep({ chips: { turn: exchange.turn, chips: event.chips } });
    const items = exchange.cards.map((card) => card.item_id);
    this.memory.show(exchange.turn, items);
    const told = { role: 'assistant', text: exchange.text, item_ids: items };
    this.tell('message', { ...told, turn_id: exchange.turn, session_id: this.session });
  }

  // Say what went wrong. True where the question is kept, to be gone on with under the same key.
  async #explain(error, exchange, asked) {
    let code = error instanceof Trouble ? error.code : 'failed';
    if (!(error instanceof Trouble)) console.error('shoptalk:', error);
    if (code === 'unknown_session' && asked.body.session_id) {
      // It ran out, or was deleted elsewhere: the question is a new conversation's first.
      this.memory.forget();
      this.panel.tags([]);
      const { session_id: _, ...body } = asked.body;
      if (body.message) {
        this.panel.note(this.shop.words.ended, exchange.node);
        setTimeout(() => this.#again(exchange, { ...asked, body, key: uuid() }));
      } else this.#fail(exchange, null, 'ended');
      return false;
    }
    if (code === 'lost' && !navigator.onLine) {
      exchange.fail(this.shop.words.offline);
      this.#waiting = () => this.#again(exchange, asked);
      return true;
    }
    if (code === 'lost' && (await this.wire.isBarred())) code = 'origin_not_allowed';
    if (code === 'origin_not_allowed' || code === 'unknown_key' || code === 'no_key') {
      const { siteKey } = this.wire;
      console.warn(
        `shoptalk: ${code}. The site key ${siteKey} does not open the shop to pages of ${location.origin}. "shoptalk keys list" shows what each key opens; "shoptalk keys make site --name NAME --origin ${location.origin}" makes one for this page.`,
      );
      this.#fail(exchange, null, 'setup');
    } else if (code === 'bad_token') this.#fail(exchange, null, 'signIn');
    else if (code === 'lost') this.#fail(exchange, asked, 'lost', '', asked.key);
    else this.#fail(exchange, asked, error.passes ? 'busy' : 'failed', error.reference);
    return code === 'lost';
  }

  #fail(exchange, asked, words, reference, key) {
    const retry = asked && (() => this.#again(exchange, { ...asked, key: key || uuid() }));
    exchange.fail(this.shop.words[words], reference, retry);
  }

  #again(exchange, asked) {
    if (this.#running) return;
    exchange.resume();
    this.#run(exchange, asked);
  }

  // When the window is first shown: what was said before, and the question that a reload cut off.
  async load() {
    if (this.#loaded) return;
    this.#loaded = true;
    const { pending } = this.memory.tab;
    const unanswered = pending && Date.now() - pending.since < FRESH_MS ? pending : null;
    await this.#restore(unanswered);
    if (unanswered && !this.#running) this.#run(this.#add(new Exchange(this.shop, unanswered.shown)), unanswered);
  }

  async #restore(unanswered, { session, chips } = this.memory.all) {
    // Of a conversation that the question itself began, nothing else is kept.
    if (!session || (unanswered && !unanswered.body.session_id)) return this.#show([], []);
    try {
      const kept = await this.wire.ask('GET', `/sessions/${encodeURIComponent(session)}`);
      const shown = [unanswered?.turn, this.#running && this.#exchanges.at(-1).turn];
      const turns = kept.turns.filter((turn) => !shown.includes(turn.turn_id));
      return this.#show(turns, kept.tags, chips);
    } catch (error) {
      if (error.code === 'unknown_session') {
        if (!unanswered) this.memory.forget();
        return this.#show([], []);
      }
      this.#loaded = false; // the next opening tries again
      return this.panel.note(this.shop.words.lost);
    }
  }

  #show(turns, tags, chips) {
    if (!this.#running) this.shop.tray.clear();
    const made = turns.map((turn) => {
      const suggested = !this.#running && turn === turns.at(-1) && chips?.turn === turn.turn_id ? chips.chips : [];
      return new Exchange(this.shop, { said: turn.message }).restore(turn, suggested);
    });
    if (this.#running) {
      // Something was said while the conversation was fetched: what came before goes above it.
      this.#exchanges.unshift(...made);
      this.panel.log.prepend(...made.map((exchange) => exchange.node));
      return;
    }
    this.#exchanges = [];
    this.#foreign = null;
    this.panel.welcome();
    made.forEach((exchange) => this.#add(exchange));
    this.panel.tags(tags);
  }

  // What another tab of this shop says.
  heard({ what, shown, held }) {
    if (what === 'plain') this.panel.plainIs(held.plain);
    if (!this.#loaded || this.#running) return;
    if (what === 'begun' && !this.#foreign) {
      this.#foreign = new Exchange(this.shop, shown);
      this.#foreign.elsewhere = this.shop.words.elsewhere;
      this.#foreign.apply({});
      this.panel.add(this.#foreign);
    } else if (what === 'ended' || what === 'changed') this.#restore(null, held);
  }

  renew() {
    this.stop();
    this.#running = null;
    this.panel.busy(false);
    this.memory.forget();
    this.#show([], []);
    this.memory.tell({ what: 'changed' });
  }

  plain() {
    const plain = !this.memory.all.plain;
    this.memory.keep({ plain });
    this.panel.plainIs(plain);
    this.memory.tell({ what: 'plain' });
  }

  // Delete at the shop, then here: of a signed shopper all there is, else this conversation. What could not be deleted
  // stays in view, and is said.
  async erase() {
    const { session } = this.memory.all;
    const { shopper } = this.wire;
    const path = shopper ? `/shoppers/${encodeURIComponent(shopper)}` : `/sessions/${encodeURIComponent(session)}`;
    try {
      if (shopper || session) await this.wire.ask('DELETE', path);
    } catch (error) {
      if (error.code !== 'unknown_session') {
        this.panel.note(this.shop.words.failed);
        this.panel.announce(this.shop.words.failed);
        return;
      }
    }
    this.renew();
    this.panel.note(this.shop.words.erased);
    this.panel.announce(this.shop.words.erased);
  }

  // A press on a card: like, refuse, cart. It changes the shopper's very next ranking.
  async act(kind, card, turn, node) {
    const { words } = this.shop;
    if (kind === 'compare') return void this.shop.tray.toggle(card);
    const event = { like: 'like', refuse: 'dislike', cart: 'cart' }[kind];
    const before = this.memory.all.pressed[card.item_id];
    if (kind === 'cart') {
      if (node.querySelector('[data-added]')) return;
      if (!this.tell('add-to-cart', { ...itemOf(card), quantity: 1, turn_id: turn, session_id: this.session })) return;
      markAdded(node, words);
      this.panel.announce(`${words.added}: ${card.title}`);
    } else if (before === event) return;
    else {
      this.memory.press(card.item_id, event);
      markPressed(node, event);
    }
    const sent = await this.#send(event, card.item_id, turn);
    if (sent || kind === 'cart') return;
    this.memory.press(card.item_id, before);
    markPressed(node, before);
    this.panel.announce(words.failed);
  }

  // A link of a card: the page may take it over by preventDefault.
  follow(click, card, turn, address) {
    this.#send('click', card.item_id, turn);
    const told = { ...itemOf(card), url: address, turn_id: turn, session_id: this.session };
    if (!this.tell('product-click', told)) click.preventDefault();
    // The window would cover the very thing on a phone.
    if (this.panel.full.matches && !click.ctrlKey && !click.metaKey) this.panel.close();
  }

  // What the shopper did on the page itself, with an item that may have been shown here.
  track(kind, item) {
    if (!this.session && !this.wire.token) return Promise.resolve(false);
    return this.#send(kind, item, this.memory.all.shown[item]);
  }

  async #send(kind, item, turn) {
    const event = { kind, item_id: item };
    const body = { events: [event] };
    if (this.session) {
      body.session_id = this.session;
      if (turn) event.turn_id = turn;
    }
    try {
      await this.wire.ask('POST', '/events', body, true);
      return true;
    } catch {
      return false;
    }
  }

  async rate(exchange, thumb) {
    const before = [...exchange.parts.thumbs.children].map((one) => one.getAttribute('aria-pressed'));
    exchange.rate(thumb);
    try {
      await this.wire.ask('POST', '/feedback', { session_id: this.session, turn_id: exchange.turn, thumb });
    } catch {
      exchange.rate(before[0] === 'true' ? 'up' : before[1] === 'true' ? 'down' : null);
      this.panel.announce(this.shop.words.failed);
    }
  }
}

function itemOf(card) {
  return { item_id: card.item_id, title: card.title, price: card.price, price_text: card.price_text };
}
