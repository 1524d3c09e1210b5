/** The desk's websocket, `/v1/desktop`: numbered messages, acknowledged, taken up again after a lost connection. */

import { Backoff } from './backoff.js';
import { isThere } from './reach.js';

/** @typedef {{ key: string, label: string, value?: string, locked?: boolean, needs?: string, unlock?: string }} Field */
/** @typedef {{ call: string, fence: number, level: string, why: string[], rivals: number, fields: Field[], queue: string, waited_ms: number, next_step: string }} Pop */
/** @typedef {{ path: string, token: string, user: string, domain: string, uri: string, expires_s: number }} PhoneLogin */
/** Any message of the server; `type` says which. @typedef {Record<string, any> & { type: string, seq?: number }} ServerMessage */

/** Close codes after which coming back is for the person to decide, see the head of the desktop's module. */
const DISPLACED = 4001, TOO_MANY_LOGINS = 4003;
const PING_MS = 15_000;
const ANSWER_WITHIN_MS = 8_000;

/** @typedef {'closed' | 'connecting' | 'open' | 'lost'} DeskState */

/**
 * Events: `message` (detail: ServerMessage), `state` (detail: DeskState), `over` (detail: 'displaced' | 'unauthorized' | 'too-many').
 */
export class DeskSocket extends EventTarget {
  /** @param {string} url @param {{ agent: string, token: string }} login */
  constructor(url, login) {
    super();
    this.url = url;
    this.login = login;
    /** @type {DeskState} */
    this.state = 'closed';
    /** @type {WebSocket | null} */
    this.socket = null;
    this.wanted = false;
    this.session = '';
    this.lastSeen = 0;
    this.ackDue = false;
    this.pinger = 0;
    this.deadline = 0;
    this.backoff = new Backoff(() => void this.tryAgain());
    this.online = () => this.backoff.now();
  }

  open() {
    this.wanted = true;
    addEventListener('online', this.online);
    this.become('connecting');
    this.connect();
  }

  close() {
    this.wanted = false;
    removeEventListener('online', this.online);
    this.backoff.stop();
    this.drop();
    this.become('closed');
  }

  /** False when there is no connection now; what the person did must then be shown as not done. @param {Record<string, unknown>} message */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  async tryAgain() {
    if (!this.wanted || this.socket) return;
    if (await isThere(this.url)) this.connect();
    else if (this.wanted && !this.socket) this.backoff.later();
  }

  connect() {
    if (!this.wanted || this.socket) return;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => this.hello();
    socket.onmessage = ({ data }) => this.receive(String(data));
    socket.onclose = ({ code }) => {
      if (this.socket === socket) this.closed(code);
    };
  }

  hello() {
    const resume = this.session ? { resume: { session: this.session, last_seen: this.lastSeen } } : {};
    this.send({ type: 'hello', ...this.login, ...resume });
    this.pinger = setInterval(() => this.ping(), PING_MS);
  }

  /** @param {string} text */
  receive(text) {
    clearTimeout(this.deadline);
    /** @type {ServerMessage} */
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message.type === 'welcome') this.welcomed(message);
    if (typeof message.seq === 'number') {
      // Sent again after a lost connection: it was handled then.
      if (message.seq <= this.lastSeen) return this.acknowledge();
      this.lastSeen = message.seq;
      this.acknowledge();
    }
    if (message.type === 'displaced') this.over('displaced');
    if (message.type === 'error' && message.code === 'unauthorized') this.over('unauthorized');
    this.tell('message', message);
  }

  /** @param {ServerMessage} welcome */
  welcomed(welcome) {
    if (!welcome.resumed) this.lastSeen = 0;
    this.session = String(welcome.session);
    this.backoff.reset();
    this.become('open');
  }

  /** One acknowledgement for what came together. */
  acknowledge() {
    if (this.ackDue) return;
    this.ackDue = true;
    queueMicrotask(() => {
      this.ackDue = false;
      this.send({ type: 'ack', seq: this.lastSeen });
    });
  }

  ping() {
    if (this.send({ type: 'ping' })) this.deadline = setTimeout(() => this.cut(), ANSWER_WITHIN_MS);
  }

  /** Nothing is heard: closing a dead connection can take a minute, so it is given up. */
  cut() {
    this.drop();
    this.closed(0);
  }

  /** @param {number} code */
  closed(code) {
    this.forget();
    if (!this.wanted) return;
    if (code === DISPLACED) return this.over('displaced');
    if (code === TOO_MANY_LOGINS) return this.over('too-many');
    this.become('lost');
    this.backoff.later();
  }

  /** @param {'displaced' | 'unauthorized' | 'too-many'} why */
  over(why) {
    if (!this.wanted) return;
    this.close();
    this.tell('over', why);
  }

  drop() {
    const socket = this.socket;
    this.forget();
    socket?.close();
  }

  forget() {
    clearInterval(this.pinger);
    clearTimeout(this.deadline);
    this.socket = null;
  }

  /** @param {DeskState} state */
  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.tell('state', state);
  }

  /** @param {string} type @param {unknown} detail */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
