/** A SIP user agent in a browser: one connection, one registration, some calls (RFC 3261, 5626, 7118). */

import { answer, isKnown } from './digest.js';
import { all, cseq, draw, first, quote, read, userOf, write } from './message.js';
import { Call } from './call.js';
import { SipSocket } from './socket.js';

/** @typedef {import('./message.js').Message} Message */
/** @typedef {import('./message.js').Header} Header */

/**
 * @typedef {object} PhoneOptions
 * @property {() => Promise<string>} url of the websocket, with its token; asked before each connection
 * @property {string} uri ours, as in `sip:anna@example.com`
 * @property {string} [name] shown to the other side
 * @property {boolean} [register] whether calls may come to us
 * @property {string} [user] with `password`: answers digest challenges
 * @property {string} [password]
 * @property {string} [instance] a UUID that stays the same for this page (RFC 5626 section 4.1)
 */

/** @typedef {'offline' | 'connecting' | 'connected' | 'registered' | 'refused'} PhoneState */

/**
 * What a request does while the connection is away: it fails at once; or it waits for the next connection; or, when it ends something, it
 * also goes over each new connection again until it is answered.
 * @typedef {'fails' | 'waits' | 'insists'} Patience
 */
/** What else goes with a request. @typedef {{ patience?: Patience, onProvisional?: (response: Message) => void, onSent?: (request: Message) => void }} Manner */
/** A request that has no final answer yet. @typedef {{ take: (response: Message) => void, send: () => void, isPatient: () => boolean }} Open */

/**
 * @typedef {object} RequestOfCall
 * @property {string} method
 * @property {string} uri
 * @property {Header[]} headers without Via and CSeq
 * @property {() => number} seq
 * @property {string} [body]
 */
/** @typedef {RequestOfCall & Manner} Exchange */

/** RFC 3261, timers B and F: 64 times T1. */
const FINAL_WITHIN_MS = 32_000;
const EXPIRES_S = 300;
const METHODS = 'INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, UPDATE, REFER';

/**
 * Events: `state` (detail: PhoneState), `call` (detail: Call, somebody calls us), `back` (a lost connection is there again), `owing` (something
 * that ends a call is to be said yet, or is so no more).
 */
export class Phone extends EventTarget {
  /** @param {PhoneOptions} options */
  constructor(options) {
    super();
    this.options = options;
    this.host = `${draw(12)}.invalid`;
    /** @type {PhoneState} */
    this.state = 'offline';
    /** By branch and method: a CANCEL has the branch of its INVITE. @type {Map<string, Open>} */
    this.exchanges = new Map();
    /** What ends a call and is not answered yet. @type {Set<Promise<Message>>} */
    this.owed = new Set();
    /** @type {Map<string, Call>} */
    this.calls = new Map();
    this.registration = { callId: draw(20), tag: draw(10), seq: 1, timer: 0, attempts: 0 };
    this.nonces = 0;
    this.hasBeenLost = false;
    this.socket = new SipSocket(options.url);
    this.socket.backoff.isUrgent = () => this.calls.size > 0 || this.isOwing;
    this.socket.addEventListener('open', () => void this.opened());
    this.socket.addEventListener('lost', () => this.lost());
    this.socket.addEventListener('refused', (event) => this.refused(/** @type {CustomEvent<number>} */ (event).detail));
    this.socket.addEventListener('text', (event) => this.receive(/** @type {CustomEvent<string>} */ (event).detail));
  }

  start() {
    this.become('connecting');
    this.socket.open();
  }

  /** Whether the other side of a call that has ended here may not know that yet. */
  get isOwing() {
    return this.owed.size > 0;
  }

  /** Whether the connection was there and is tried again. */
  get isInterrupted() {
    return this.hasBeenLost && (this.state === 'connecting' || this.state === 'refused');
  }

  /** Why the server has closed the connection, in its words; empty when it has not. */
  get why() {
    return this.socket.why;
  }

  /** Takes the registration back; calls that go on end, and the connection stays until the other sides know. */
  async stop() {
    for (const call of this.calls.values()) call.end();
    await Promise.all([this.unregister(), ...this.owed]);
    this.socket.close();
    this.become('offline');
  }

  /** No new call comes to us after this; those that go on stay. */
  async unregister() {
    clearTimeout(this.registration.timer);
    const was = this.state;
    this.options.register = false;
    if (was === 'registered') await this.register(0);
  }

  /**
   * Calls somebody.
   * @param {string} target a SIP URI
   * @param {MediaStream} microphone
   * @param {Header[]} [headers]
   */
  call(target, microphone, headers = []) {
    const call = Call.toMake(this, target, microphone, headers);
    this.calls.set(call.dialog.callId, call);
    return call;
  }

  get contact() {
    const user = encodeURIComponent(userOf(this.options.uri));
    return `<sip:${user}@${this.host};transport=${this.socket.transport.toLowerCase()};ob>`;
  }

  get from() {
    return this.options.name ? `${quote(this.options.name)} <${this.options.uri}>` : `<${this.options.uri}>`;
  }

  // The connection

  async opened() {
    this.become('connected');
    for (const exchange of [...this.exchanges.values()]) exchange.send();
    if (this.options.register) await this.register(EXPIRES_S);
    if (this.hasBeenLost) {
      this.hasBeenLost = false;
      for (const call of [...this.calls.values()]) void call.comeBack();
      this.dispatchEvent(new CustomEvent('back'));
    }
  }

  lost() {
    this.hasBeenLost = true;
    clearTimeout(this.registration.timer);
    for (const exchange of [...this.exchanges.values()]) if (!exchange.isPatient()) exchange.take(made(503, 'Connection lost'));
    if (this.state !== 'refused') this.become('connecting');
  }

  /** The websocket was never opened: a wrong token looks like that, so does a server that is down. @param {number} attempts */
  refused(attempts) {
    this.become(attempts >= 3 ? 'refused' : 'connecting');
  }

  /** @param {number} expires in seconds; 0 takes the registration back */
  async register(expires) {
    const { callId, tag } = this.registration;
    const instance = this.options.instance ? `;reg-id=1;+sip.instance="<urn:uuid:${this.options.instance}>"` : '';
    const domain = this.options.uri.replace(/^(sips?:)[^@]*@/i, '$1');
    const response = await this.exchange({
      method: 'REGISTER',
      uri: domain,
      headers: [
        ['max-forwards', '70'], ['from', `${this.from};tag=${tag}`], ['to', `<${this.options.uri}>`], ['call-id', callId],
        ['contact', `${this.contact};expires=${expires}${instance}`], ['expires', String(expires)],
        ['supported', 'outbound, path'], ['allow', METHODS],
      ],
      seq: () => (this.registration.seq += 1),
    });
    if (expires === 0) return;
    const ok = response.status >= 200 && response.status < 300;
    if (ok) this.become('registered');
    else if (response.status === 401 || response.status === 403) this.become('refused');
    const wait = ok ? granted(response, this.host) * 800 : 5_000;
    this.registration.timer = setTimeout(() => void this.register(EXPIRES_S), wait);
  }

  // Requests of ours

  /**
   * Sends a request and waits for its final answer; a challenge is answered once. Silence is a 408, and a lost
   * connection a 503, for which some requests have more patience.
   * @param {Exchange} exchange
   * @returns {Promise<Message>}
   */
  async exchange(exchange) {
    const response = await this.transact(exchange, []);
    if (response.status !== 401 && response.status !== 407) return response;
    const proof = await this.proof(response, exchange);
    return proof ? this.transact(exchange, [proof]) : response;
  }

  /** @param {Message} challenge @param {Exchange} exchange @returns {Promise<Header | null>} */
  async proof(challenge, exchange) {
    const { user, password } = this.options;
    if (!password) return null;
    const proxy = challenge.status === 407;
    const asked = all(challenge, proxy ? 'proxy-authenticate' : 'www-authenticate').find(isKnown);
    if (!asked) return null;
    const credentials = { user: user ?? userOf(this.options.uri), password };
    const value = await answer(asked, {
      method: exchange.method, uri: exchange.uri, credentials, cnonce: draw(16), count: 1,
    });
    return value ? [proxy ? 'proxy-authorization' : 'authorization', value] : null;
  }

  /** @param {Exchange} exchange @param {Header[]} more @returns {Promise<Message>} */
  transact(exchange, more) {
    return this.carry(this.request(exchange, `z9hG4bK${draw(14)}`, more), exchange);
  }

  /** Sends a request as it stands, and waits for its final answer. @param {Message} request @param {Manner} manner @returns {Promise<Message>} */
  carry(request, manner) {
    /** @type {Promise<Message>} */
    const answered = new Promise((resolve) => this.open(request, manner, resolve));
    if (manner.patience === 'insists') this.owe(answered);
    return answered;
  }

  /** @param {Message} request @param {Manner} manner @param {(response: Message) => void} resolve */
  open(request, { patience = 'fails', onProvisional, onSent }, resolve) {
    const key = keyOf(request), isInvite = request.method === 'INVITE';
    const timer = setTimeout(() => take(made(408, 'No answer')), FINAL_WITHIN_MS);
    let isSent = false;
    const isPatient = () => patience === 'insists' || (patience === 'waits' && !isSent);
    const send = () => {
      if (this.socket.send(write(request))) {
        isSent = true;
        onSent?.(request);
      } else if (!isPatient()) take(made(503, 'No connection'));
    };
    /** @param {Message} response */
    const take = (response) => {
      if (response.status < 200) {
        if (isInvite) clearTimeout(timer);
        return onProvisional?.(response);
      }
      clearTimeout(timer);
      this.exchanges.delete(key);
      if (isInvite && response.status >= 300) this.acknowledge(request, response);
      resolve(response);
    };
    this.exchanges.set(key, { take, send, isPatient });
    send();
  }

  /** @param {Promise<Message>} answered */
  owe(answered) {
    this.owed.add(answered);
    void answered.then(() => {
      this.owed.delete(answered);
      this.dispatchEvent(new CustomEvent('owing'));
    });
  }

  /** @param {RequestOfCall} exchange @param {string} branch @param {Header[]} more @returns {Message} */
  request({ method, uri, headers, seq, body = '' }, branch, more) {
    return {
      method, uri, status: 0, reason: '', body,
      headers: [
        ['via', `SIP/2.0/${this.socket.transport} ${this.host};branch=${branch};rport`],
        ...headers, ['cseq', `${seq()} ${method}`], ...more, ['user-agent', 'Throughline'],
      ],
    };
  }

  /** ACK to a refusal: same branch (RFC 3261 section 17.1.1.3). @param {Message} invite @param {Message} response */
  acknowledge(invite, response) {
    if (!first(response, 'to')) return;
    const keep = invite.headers.filter(([name]) => ['via', 'route', 'max-forwards', 'from', 'call-id'].includes(name));
    this.socket.send(write({
      method: 'ACK', uri: invite.uri, status: 0, reason: '', body: '',
      headers: [...keep, ['to', first(response, 'to')], ['cseq', `${cseq(invite).number} ACK`]],
    }));
  }

  // Requests of others

  /** @param {string} text */
  receive(text) {
    const message = read(text);
    if (!message) return;
    if (message.status > 0) this.answered(message);
    else this.asked(message);
  }

  /** @param {Message} response */
  answered(response) {
    const exchange = this.exchanges.get(keyOf(response));
    if (exchange) exchange.take(response);
    else if (cseq(response).method === 'INVITE' && response.status >= 200 && response.status < 300) {
      this.calls.get(first(response, 'call-id'))?.acknowledgeAgain();
    }
  }

  /** @param {Message} request */
  asked(request) {
    const call = this.calls.get(first(request, 'call-id'));
    if (call) call.asked(request);
    else if (request.method === 'INVITE') this.invited(request);
    else if (request.method === 'OPTIONS') this.respond(request, 200, 'OK', [['allow', METHODS], ['accept', 'application/sdp']]);
    else if (request.method === 'NOTIFY') this.respond(request, 200, 'OK');
    else if (['BYE', 'CANCEL', 'INFO', 'UPDATE'].includes(request.method)) this.respond(request, 481, 'No such call');
    else if (request.method !== 'ACK') this.respond(request, 405, 'Method Not Allowed', [['allow', METHODS]]);
  }

  /** @param {Message} invite */
  invited(invite) {
    const call = Call.toTake(this, invite);
    this.calls.set(call.dialog.callId, call);
    call.ring();
    this.dispatchEvent(new CustomEvent('call', { detail: call }));
  }

  /**
   * @param {Message} request
   * @param {number} status
   * @param {string} reason
   * @param {Header[]} [headers]
   * @param {{ tag?: string, body?: string }} [more]
   */
  respond(request, status, reason, headers = [], { tag = '', body = '' } = {}) {
    const copied = request.headers.filter(([name]) => ['via', 'from', 'call-id', 'cseq', 'record-route'].includes(name));
    const to = first(request, 'to');
    const tagged = status === 100 || /;\s*tag=/i.test(to) ? to : `${to};tag=${tag || draw(10)}`;
    /** @type {Header[]} */
    const all = [...copied, ['to', tagged], ...headers];
    this.socket.send(write({ method: '', uri: '', status, reason, headers: all, body }));
  }

  /** @param {Call} call */
  forget(call) {
    if (this.calls.get(call.dialog.callId) === call) this.calls.delete(call.dialog.callId);
  }

  /** @param {PhoneState} state */
  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }
}

/** For how many seconds we are registered. @param {Message} response @param {string} host */
function granted(response, host) {
  const contact = all(response, 'contact').find((value) => value.includes(host));
  const seconds = Number(/;\s*expires=(\d+)/i.exec(contact ?? '')?.[1] ?? first(response, 'expires'));
  return seconds >= 10 ? seconds : EXPIRES_S;
}

/** What a request and its answers have in common (RFC 3261 section 17.1.3). @param {Message} message */
function keyOf(message) {
  const branch = /;\s*branch=([^;\s]+)/i.exec(first(message, 'via'))?.[1] ?? '';
  return `${branch} ${cseq(message).method}`;
}

/** An answer that nobody sent. @param {number} status @param {string} reason @returns {Message} */
function made(status, reason) {
  return { method: '', uri: '', status, reason, headers: [], body: '' };
}

export { METHODS };
