// What outlives a page: for all tabs of this shop (which conversation, what was pressed in it, whether to personalise),
// and for this tab alone (whether the window is open, what was being asked). Nothing of what was said is kept here.
// Where a browser keeps nothing, it lasts as long as the page.

const NOTHING = { session: '', pressed: {}, shown: {}, chips: null };
const MOST_SHOWN = 100; // items whose turn is remembered, so that a purchase can name it

function box(storage, name, initial) {
  let held = { ...initial };
  const read = () => {
    try {
      held = { ...initial, ...JSON.parse(storage().getItem(name) || '{}') };
    } catch {
      // Refused or unreadable: what this page knows counts.
    }
    return held;
  };
  return {
    get: read,
    set(changes) {
      held = { ...read(), ...changes };
      try {
        storage().setItem(name, JSON.stringify(held));
      } catch {
        // As above.
      }
    },
  };
}

export class Memory {
  #shared;
  #tab;
  #channel;

  constructor(name, heard) {
    this.#shared = box(() => localStorage, name, { ...NOTHING, plain: false });
    this.#tab = box(() => sessionStorage, name, { open: false, pending: null });
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => heard(data);
  }

  get all() {
    return this.#shared.get();
  }

  keep(changes) {
    this.#shared.set(changes);
  }

  // Everything of the conversation; the choice about personalising stays.
  forget() {
    this.#shared.set(NOTHING);
    this.tabKeep({ pending: null });
  }

  press(item, kind) {
    const pressed = { ...this.all.pressed };
    if (kind) pressed[item] = kind;
    else delete pressed[item];
    this.keep({ pressed });
  }

  show(turn, items) {
    const shown = Object.entries(this.all.shown).filter(([item]) => !items.includes(item));
    for (const item of items) shown.push([item, turn]);
    this.keep({ shown: Object.fromEntries(shown.slice(-MOST_SHOWN)) });
  }

  get tab() {
    return this.#tab.get();
  }

  tabKeep(changes) {
    this.#tab.set(changes);
  }

  // Tell the other tabs, with what they would find here: what is stored may reach them later than this does.
  tell(said) {
    this.#channel.postMessage({ ...said, held: this.all });
  }

  close() {
    this.#channel.close();
  }
}
