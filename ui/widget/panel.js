// The window: its launcher, head with menu, the log, what is looked for, the field. Keeps focus, scrolling and the size
// that a phone's keyboard leaves. Knows nothing of the API; what is done goes to `acts`.

import { Tray } from './comparison.js';
import { button, h, icon, named } from './dom.js';
import { fill } from './words.js';

const LONGEST = 2000; // characters; a longer message is no question to a shop assistant
const FULL = '(max-width: 520px), (max-height: 480px)'; // as in the style sheet
const NEAR = 60; // px to the end of the log within which it is at its end

export class Panel {
  isOpen = false;
  #busy = false;
  #before = null; // what had the focus when it opened

  constructor(root, options, acts) {
    const { words } = options;
    Object.assign(this, { root, options, acts, words });
    this.launcher = button(
      { class: 'launcher', 'aria-haspopup': 'dialog', onclick: () => this.open() },
      icon('chat'),
      h('span', null, options.label || words.ask),
    );
    this.launcher.hidden = options.launcher === 'none';
    this.log = h('div', { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': words.log, tabindex: 0 });
    this.log.addEventListener('scroll', () => this.#look(), { passive: true });
    this.status = h('div', { class: 'only-said', role: 'status' });
    this.need = h('div', { class: 'need', role: 'group', 'aria-label': words.need, hidden: true });
    this.newest = button(
      {
        ...named(words.newest),
        class: 'newest',
        hidden: true,
        onclick: () => this.toEnd(),
      },
      icon('down'),
    );
    this.tray = new Tray(words, this.log, {
      say: (text) => acts.say(text),
      announce: (text) => this.announce(text),
      left: () => this.#focus(),
    });
    this.panel = h(
      'div',
      { class: 'panel', role: 'dialog', 'aria-labelledby': 'title', hidden: true, tabindex: -1 },
      this.#head(),
      this.log,
      h(
        'div',
        { class: 'foot' },
        h('div', { class: 'between' }, this.need, this.newest),
        this.tray.node,
        this.#composer(),
        h('p', { class: 'small' }, words.small),
      ),
    );
    this.panel.addEventListener('keydown', (key) => this.#key(key));
    // The page's own shortcuts are not meant while somebody types here.
    for (const kind of ['keydown', 'keyup', 'keypress'])
      this.panel.addEventListener(kind, (key) => key.stopPropagation());
    this.panel.addEventListener('click', (click) => {
      if (!this.menu.hidden && !click.composedPath().some((one) => one === this.menu || one === this.more))
        this.#toggleMenu(false);
    });
    root.append(
      h('div', { role: 'region', 'aria-label': options.name || words.title }, this.launcher, this.panel),
      this.status,
    );
    this.full = matchMedia(FULL);
    this.full.addEventListener('change', () => this.#fit());
    for (const kind of ['resize', 'scroll']) visualViewport.addEventListener(kind, () => this.#fit());
  }

  #head() {
    const { words } = this;
    const item = (name, drawn, act, kind = '') =>
      button(
        { class: kind, onclick: () => (this.#toggleMenu(false), this.more.focus(), act()) },
        icon(drawn),
        h('span', null, words[name]),
      );
    this.plain = button(
      { role: 'switch', 'aria-checked': 'false', onclick: () => this.acts.plain() },
      icon('eye'),
      h('span', null, words.plain),
      h('i', { class: 'switch', 'aria-hidden': 'true' }),
    );
    this.menu = h(
      'div',
      { class: 'menu', id: 'menu', role: 'group', 'aria-label': words.menu, hidden: true },
      item('renew', 'plus', () => this.acts.renew()),
      this.plain,
      item('erase', 'bin', () => this.#askErase(), 'grave'),
    );
    const quiet = (name, drawn, act, more) =>
      button({ ...named(words[name]), class: 'quiet', onclick: act, ...more }, icon(drawn, drawn));
    this.more = quiet('menu', 'more', () => this.#toggleMenu(this.menu.hidden), {
      'aria-expanded': 'false',
      'aria-controls': 'menu',
    });
    const title = this.options.name || words.title;
    return h(
      'div',
      { class: 'head' },
      h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('chat')),
      h('h2', { class: 'name', id: 'title' }, title, this.options.name && h('small', null, words.title)),
      this.more,
      quiet('close', 'close', () => this.close()),
      this.menu,
    );
  }

  #composer() {
    const { words } = this;
    this.field = h('textarea', {
      rows: 1,
      maxlength: LONGEST,
      'aria-label': words.message,
      placeholder: words.hint,
      enterkeyhint: 'send',
      autocomplete: 'off',
    });
    this.field.addEventListener('keydown', (key) => {
      if (key.key === 'Enter' && !key.shiftKey && !key.isComposing) {
        key.preventDefault();
        this.#send();
      }
    });
    this.field.addEventListener('input', () => this.#grow());
    this.go = h('button', { ...named(words.send), type: 'submit', class: 'go' }, icon('send'));
    const form = h('form', { class: 'composer' }, this.field, this.go);
    form.addEventListener('submit', (submit) => {
      submit.preventDefault();
      if (this.#busy) this.acts.stop();
      else this.#send();
    });
    return form;
  }

  #send() {
    if (this.#busy || !this.acts.say(this.field.value)) return;
    this.field.value = '';
    this.#grow();
  }

  #grow() {
    this.field.style.height = 'auto';
    this.field.style.height = `${Math.min(this.field.scrollHeight, 138)}px`;
  }

  // Show it. `focus` is false where nobody asked for it just now, as after a reload.
  open(focus = true) {
    if (this.isOpen) {
      if (focus) this.#focus();
      return;
    }
    this.isOpen = true;
    if (focus) this.#before = deepActive();
    this.panel.hidden = false;
    this.launcher.hidden = true;
    delete this.launcher.dataset.unread;
    this.#fit();
    this.acts.opened();
    if (focus) this.#focus();
    this.#look();
  }

  // Where a finger points, the field would bring up the keyboard over what there is to read: the window takes the focus.
  #focus() {
    (matchMedia('(hover: none)').matches ? this.panel : this.field).focus();
  }

  // Put it away, and give the focus back to what had it.
  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#toggleMenu(false);
    this.sheet?.remove();
    const inside = this.#focused;
    this.panel.hidden = true;
    this.launcher.hidden = this.options.launcher === 'none';
    this.#fit();
    if (inside) {
      const back = this.#before;
      if (back && back !== document.body && back.isConnected && back.getClientRects().length) back.focus();
      else if (!this.launcher.hidden) this.launcher.focus();
    }
    this.#before = null;
    this.acts.closed();
  }

  busy(busy) {
    const { words } = this;
    this.#busy = busy;
    this.log.setAttribute('aria-busy', String(busy));
    const word = busy ? words.stop : words.send;
    this.go.classList.toggle('halt', busy);
    this.go.replaceChildren(icon(busy ? 'stop' : 'send'));
    for (const name of ['aria-label', 'title']) this.go.setAttribute(name, word);
    for (const tag of this.need.querySelectorAll('button')) tag.setAttribute('aria-disabled', String(busy));
  }

  // Say once, to who hears the page; and to who sees it, where the window is closed, that there is something new.
  announce(words) {
    this.status.textContent = words;
    if (this.isOpen || !words) return;
    this.launcher.dataset.unread = '';
  }

  tags(tags) {
    const tagOf = (tag) =>
      button(
        {
          'aria-label': fill(this.words.remove, { what: tag.label }),
          'aria-disabled': String(this.#busy),
          onclick: () => this.#busy || this.acts.untag(tag),
        },
        // Its group names the thing already.
        h('span', null, tag.want ? tag.label.replace(`${tag.want}: `, '') : tag.label),
        icon('close'),
      );
    const focused = this.need.contains(this.#focused);
    // Several things: the tags of each stand together, under its name.
    const groups = [...new Set(tags.map((tag) => tag.want))].map((want) => {
      const own = tags.filter((tag) => tag.want === want).map(tagOf);
      return want ? h('div', { class: 'of', role: 'group', 'aria-label': want }, ...own) : own;
    });
    this.need.replaceChildren(...groups.flat());
    this.need.hidden = !tags.length;
    if (focused) (this.need.querySelector('button') || this.field).focus();
  }

  plainIs(plain) {
    this.plain.setAttribute('aria-checked', String(plain));
  }

  // The empty conversation: who answers, and what one may ask.
  welcome() {
    const { words } = this;
    const { name, greeting, questions } = this.options;
    const first = (question) => button({ onclick: () => this.acts.say(question) }, question, icon('on', 'on'));
    this.log.replaceChildren(
      h(
        'div',
        { class: 'welcome' },
        h('h3', null, greeting || words.hello),
        h('p', null, words.tell),
        h(
          'p',
          { class: 'ai' },
          h('b', { 'aria-hidden': 'true' }, 'AI'),
          h('span', null, fill(words.ai, { shop: name || words.shop })),
        ),
        h('div', { class: 'firsts' }, ...questions.map(first)),
      ),
    );
  }

  // A word between the exchanges, before one of them or at the end.
  note(words, before = null) {
    this.log.insertBefore(h('p', { class: 'note' }, words), before);
    if (!before) this.toEnd();
  }

  add(exchange) {
    this.log.querySelector('.welcome')?.remove();
    this.log.append(exchange.node);
    this.follow(exchange, true);
  }

  // Keep what is new in sight, but never scroll the question it answers away; whoever scrolled up is left there.
  follow(exchange, anew = false) {
    if (anew) this.following = true;
    if (!this.following) return;
    const top = exchange.node.offsetTop - 12;
    const end = this.log.scrollHeight - this.log.clientHeight;
    this.#scroll(Math.min(top, end));
  }

  toEnd() {
    this.#scroll(this.log.scrollHeight);
  }

  #scroll(top) {
    this.target = top;
    this.log.scrollTo({ top });
    this.#look();
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    if (scrollTop < (this.last ?? 0) && scrollTop < (this.target ?? 0) - NEAR) this.following = false;
    this.last = scrollTop;
    this.newest.hidden = scrollHeight - scrollTop - clientHeight < NEAR;
  }

  // On a phone the whole screen, less what the keyboard covers. A page that is pinched larger is left as it is.
  #fit() {
    const full = this.isOpen && this.full.matches;
    this.panel.setAttribute('aria-modal', String(full));
    const { height, offsetTop, scale } = visualViewport;
    for (const [name, value] of [
      ['--view-height', height],
      ['--view-top', offsetTop],
    ]) {
      this.panel.style.setProperty(name, full && Math.abs(scale - 1) < 0.01 ? `${value}px` : '');
    }
    const page = document.documentElement;
    if (full && this.locked === undefined) {
      this.locked = page.style.overflow;
      page.style.overflow = 'hidden';
    } else if (!full && this.locked !== undefined) {
      page.style.overflow = this.locked;
      this.locked = undefined;
    }
  }

  get #focused() {
    return this.root.getRootNode().activeElement;
  }

  #toggleMenu(open) {
    this.menu.hidden = !open;
    this.more.setAttribute('aria-expanded', String(open));
    if (open) this.menu.querySelector('button').focus();
  }

  #askErase() {
    const { words } = this;
    const away = (act) => () => {
      this.sheet.remove();
      this.more.focus();
      act?.();
    };
    const keep = button({ onclick: away() }, words.eraseNo);
    this.sheet = h(
      'div',
      { class: 'scrim' },
      h(
        'div',
        {
          class: 'sheet',
          role: 'alertdialog',
          'aria-modal': 'true',
          'aria-labelledby': 'erase',
          'aria-describedby': 'erase-says',
        },
        h('h3', { id: 'erase' }, words.erase),
        h('p', { id: 'erase-says' }, words.eraseAsk),
        h('div', null, keep, button({ class: 'grave', onclick: away(() => this.acts.erase()) }, words.erase)),
      ),
    );
    this.panel.append(this.sheet);
    keep.focus();
  }

  // Escape goes back one step; Tab stays inside, since the page behind is reached by Escape.
  #key(key) {
    const sheet = this.sheet?.isConnected ? this.sheet : null;
    if (key.key === 'Escape') {
      key.preventDefault();
      if (sheet) {
        sheet.remove();
        this.more.focus();
      } else if (!this.menu.hidden) {
        this.#toggleMenu(false);
        this.more.focus();
      } else this.close();
    }
    if (key.key !== 'Tab') return;
    const reached = [...(sheet || this.panel).querySelectorAll('button, a[href], textarea, [tabindex="0"]')].filter(
      (one) => one.tabIndex >= 0 && one.getClientRects().length,
    );
    const at = reached.indexOf(this.#focused);
    const next = key.shiftKey
      ? at <= 0
        ? reached.at(-1)
        : null
      : at === reached.length - 1 || (sheet && at < 0)
        ? reached[0]
        : null;
    if (next) {
      key.preventDefault();
      next.focus();
    }
  }
}

function deepActive() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}
