/**
 * A websocket for SIP (RFC 7118) that comes back by itself: back-off with jitter, keep-alive (RFC 5626 section 4.4.1).
 */

import { Backoff } from '../backoff.js';
import { isThere } from '../reach.js';

/** How often a keep-alive is sent, and how long its answer may take. */
const KEEP_ALIVE_MS = 20_000;
const ANSWER_WITHIN_MS = 8_000;

/**
 * Events: `open`, `lost` (it tries again), `text` (detail: string), `refused` (it never opened, detail: number of attempts).
 */
export class SipSocket extends EventTarget {
  /** @param {() => Promise<string>} url asked before each attempt, since a token may have expired */
  constructor(url) {
    super();
    this.url = url;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.wanted = false;
    /** Why the server has closed the last connection, in its words. */
    this.why = '';
    /** The scheme for Via, of this connection or the last one. @type {'WS' | 'WSS'} */
    this.transport = 'WS';
    this.backoff = new Backoff(() => void this.connect());
    this.answers = false;
    this.keepAlive = 0;
    this.deadline = 0;
    this.online = () => this.backoff.now();
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.wanted = true;
    addEventListener('online', this.online);
    void this.connect();
  }

  close() {
    this.wanted = false;
    removeEventListener('online', this.online);
    this.backoff.stop();
    this.drop();
  }

  /** False when there is no connection to send it on. @param {string} text */
  send(text) {
    if (!this.isOpen) return false;
    this.socket?.send(text);
    return true;
  }

  async connect() {
    if (!this.wanted || this.socket) return;
    let url;
    try {
      url = await this.url();
    } catch {
      this.backoff.later();
      return;
    }
    const there = this.backoff.attempts === 0 || (await isThere(url));
    if (!this.wanted || this.socket) return;
    if (!there) return this.failed(false);
    const socket = new WebSocket(url, 'sip');
    socket.binaryType = 'arraybuffer';
    this.transport = socket.url.startsWith('wss:') ? 'WSS' : 'WS';
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.why = '';
      this.backoff.reset();
      this.keepAlive = setInterval(() => this.ping(), KEEP_ALIVE_MS);
      this.tell('open');
    };
    socket.onmessage = ({ data }) => this.receive(typeof data === 'string' ? data : new TextDecoder().decode(data));
    socket.onclose = ({ reason }) => {
      if (this.socket !== socket) return;
      this.why = reason || this.why;
      this.forget();
      if (this.wanted) this.failed(opened);
    };
  }

  /** @param {boolean} opened before it was lost */
  failed(opened) {
    if (!opened) this.tell('refused', this.backoff.attempts + 1);
    this.tell('lost');
    this.backoff.later();
  }

  /** @param {string} text */
  receive(text) {
    clearTimeout(this.deadline);
    if (text.trim() === '') {
      this.answers = true;
      return;
    }
    this.tell('text', text);
  }

  /** A server that has once answered a ping is taken for dead when it does not. */
  ping() {
    this.send('\r\n\r\n');
    if (this.answers) this.deadline = setTimeout(() => this.cut(), ANSWER_WITHIN_MS);
  }

  /** Gives the connection up and begins anew: closing a dead one can take a minute. */
  cut() {
    this.drop();
    this.tell('lost');
    this.backoff.later();
  }

  drop() {
    const socket = this.socket;
    this.forget();
    socket?.close();
  }

  forget() {
    clearInterval(this.keepAlive);
    clearTimeout(this.deadline);
    this.socket = null;
  }

  /** @param {string} type @param {unknown} [detail] */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
