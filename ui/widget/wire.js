// The API as the widget asks it: one request, one stream of events, and what went wrong. Knows nothing of the page.
// SILENT_MS, without a word in so long the connection is lost, comes with the script: the server knows how often it
// says that it is there.

const AGAIN_MS = 600; // before the one repeat: within the 3 s for which an answer waits for a reader that was lost
const LONGEST_WAIT_S = 8; // a shop that is busy for longer says so instead

// What went wrong, by a code of the API, or 'lost' where it could not be asked at all.
export class Trouble extends Error {
  constructor(code, status = 0, waitS = 0, reference = '') {
    super(code);
    Object.assign(this, { code, status, waitS, reference });
  }

  get passes() {
    return this.code === 'lost' || (this.status >= 502 && this.status <= 504) || this.status === 429;
  }
}

export class Wire {
  token = ''; // of a shopper whom the host's server has signed
  #heard = false; // whether any answer of the API could be read on this page

  constructor(address, siteKey) {
    Object.assign(this, { address, siteKey });
  }

  // Whom the token names.
  get shopper() {
    const named = atob(this.token.split('.')[0].replace(/-/g, '+').replace(/_/g, '/'));
    return new TextDecoder().decode(Uint8Array.from(named, (letter) => letter.charCodeAt(0)));
  }

  async #fetch(method, path, body, { key, ...options } = {}) {
    const headers = { Authorization: `Bearer ${this.siteKey}` };
    if (body) headers['Content-Type'] = 'application/json';
    if (key) headers['Idempotency-Key'] = key;
    if (this.token) headers['X-Shopper-Token'] = this.token;
    const answer = await fetch(`${this.address}/v1${path}`, {
      method,
      headers,
      body: body ? JSON.stringify(body) : undefined,
      cache: 'no-store',
      credentials: 'omit',
      ...options,
    });
    this.#heard = true;
    if (answer.ok) return answer;
    const { error = {} } = await answer.json().catch(() => ({}));
    const waitS = Number(answer.headers.get('Retry-After')) || 0;
    throw new Trouble(error.code || 'failed', answer.status, waitS, error.error_id);
  }

  // Whether the shop is there, and yet no answer of its API was ever to be read: so a browser behaves where the site key
  // does not name the page's origin, without telling the page why.
  async isBarred() {
    if (this.#heard) return false;
    try {
      return (await fetch(this.address + TONGUES[PACKED], { cache: 'no-store', credentials: 'omit' })).ok;
    } catch {
      return false;
    }
  }

  // One answer as JSON. `keepalive` lets it outlive the page, as a click does that leads away.
  async ask(method, path, body, keepalive = false) {
    try {
      return await (await this.#fetch(method, path, body, { keepalive })).json();
    } catch (error) {
      throw error instanceof Trouble ? error : new Trouble('lost');
    }
  }

  // The events of one turn over one connection.
  async *#events(body, key, signal) {
    const silence = new AbortController();
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
    };
    heard();
    try {
      const both = AbortSignal.any([signal, silence.signal]);
      const answer = await this.#fetch('POST', '/chat', body, { key, signal: both });
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let held = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        held += decoder.decode(value, { stream: true });
        const blocks = held.split('\n\n');
        held = blocks.pop();
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block);
          if (data) yield JSON.parse(data[1]);
        }
      }
    } catch (error) {
      throw error instanceof Trouble || signal.aborted ? error : new Trouble('lost');
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  // The events of one turn. A connection that is lost is made anew once, under the same key: the answer then goes on,
  // told from its first event, before which an event 'again' says so.
  async *turn(body, key, signal) {
    for (let repeated = false; ; repeated = true) {
      try {
        for await (const event of this.#events(body, key, signal)) {
          yield event;
          if (event.type === 'done' || event.type === 'error') return;
        }
        throw new Trouble('lost');
      } catch (error) {
        if (signal.aborted || repeated || !error.passes || error.waitS > LONGEST_WAIT_S) throw error;
        await new Promise((resolve) => setTimeout(resolve, error.waitS * 1000 || AGAIN_MS));
        if (signal.aborted) throw error;
        yield { type: 'again' };
      }
    }
  }
}

// A random name for a request; browsers give the short way only to pages that came safely.
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const digit = (one) => (one ^ ((crypto.getRandomValues(new Uint8Array(1))[0] & 15) >> (one / 4))).toString(16);
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, digit);
}
