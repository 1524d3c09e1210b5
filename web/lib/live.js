/**
 * Server-sent events over fetch, so that a token travels in a header and not in an address, with retry. The stream is read as the HTML
 * standard says ("Server-sent events", section 9.2.6).
 */

import { Backoff } from './backoff.js';

/** Longer than the server's comment lines are apart. */
const SILENT_FOR_MS = 40_000;
/** Answers after which trying again changes nothing. */
const FINAL = new Set([400, 401, 403, 404, 410]);

/** Events: `event` (detail: { name, data }), `open`, `lost`, `refused` (detail: HTTP status; it does not try again). */
export class Live extends EventTarget {
  /** @param {string} url @param {string} token */
  constructor(url, token) {
    super();
    this.url = url;
    this.token = token;
    this.wanted = false;
    this.silent = 0;
    /** @type {AbortController | null} */
    this.request = null;
    this.backoff = new Backoff(() => void this.connect());
    this.online = () => this.backoff.now();
  }

  open() {
    this.wanted = true;
    addEventListener('online', this.online);
    void this.connect();
  }

  close() {
    this.wanted = false;
    removeEventListener('online', this.online);
    clearTimeout(this.silent);
    this.backoff.stop();
    this.request?.abort();
    this.request = null;
  }

  async connect() {
    const request = this.request = new AbortController();
    try {
      this.heard();
      const response = await fetch(this.url, {
        headers: { Authorization: `Bearer ${this.token}`, Accept: 'text/event-stream' },
        cache: 'no-store',
        signal: request.signal,
      });
      if (FINAL.has(response.status)) return this.refused(response.status);
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      this.backoff.reset();
      this.tell('open');
      await this.readAll(response.body);
    } catch {
      // The network, or the server that restarts: it is tried again below.
    }
    // Closed, or closed and opened again meanwhile.
    if (!this.wanted || this.request !== request) return;
    this.tell('lost');
    this.backoff.later();
  }

  /** @param {ReadableStream<Uint8Array>} body */
  async readAll(body) {
    const reader = body.getReader(), decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.heard();
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.take(block);
    }
  }

  /** @param {string} block */
  take(block) {
    let name = 'message';
    const data = [];
    for (const line of block.split(/\r?\n/)) {
      if (line.startsWith('event:')) name = line.slice(6).trim();
      else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
    if (data.length === 0) return;
    try {
      this.tell('event', { name, data: JSON.parse(data.join('\n')) });
    } catch {
      // Not for us.
    }
  }

  heard() {
    clearTimeout(this.silent);
    this.silent = setTimeout(() => this.request?.abort(), SILENT_FOR_MS);
  }

  /** @param {number} status */
  refused(status) {
    this.close();
    this.tell('refused', status);
  }

  /** @param {string} type @param {unknown} [detail] */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
