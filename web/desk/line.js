/** The desk's telephone: the SIP user agent of this page, with its microphone, and the way back to a call after a reload. */

import { Phone } from '../lib/sip.js';
import { MicrophoneError, closeMicrophone, openMicrophone } from '../lib/media.js';
import { codeOf, report } from '../lib/trouble.js';
import { kept } from './kept.js';

/** @typedef {import('../lib/sip.js').Call} Call */
/** @typedef {import('../lib/desk-socket.js').DeskSocket} DeskSocket */
/** @typedef {import('../lib/desk-socket.js').PhoneLogin} PhoneLogin */
/** @typedef {import('../lib/media.js').MicrophoneFault} MicrophoneFault */

const TOKEN_WITHIN_MS = 5_000;

/** Events: `change` (whatever of it), `ring`, `fault` (detail: MicrophoneFault), `silent` (detail: 'no-sound' or 'no-codec': a call came to nothing). */
export class Line extends EventTarget {
  /** @param {DeskSocket} desk */
  constructor(desk) {
    super();
    this.desk = desk;
    /** @type {PhoneLogin | null} */
    this.login = null;
    this.tokenUntil = 0;
    /** @type {Phone | null} */
    this.phone = null;
    /** @type {Call | null} */
    this.call = null;
    /** Our own call that is to take the place of a lost leg. @type {Call | null} */
    this.wayBack = null;
    /** @type {MediaStream | null} */
    this.microphone = null;
    /** @type {((login: PhoneLogin) => void)[]} */
    this.waiting = [];
    this.tab = kept.tab();
    /** The desk's call, for what is kept. */
    this.callId = '';
    /** The desk's call that has ended here, which the desk may not know yet. */
    this.endedId = '';
  }

  /** Whether this agent speaks in the browser. */
  get isHere() {
    return this.login !== null;
  }

  get state() {
    return this.phone?.state ?? 'offline';
  }

  /** A login for the telephone, with each welcome or when we asked. @param {PhoneLogin} login */
  configure(login) {
    this.login = login;
    this.tokenUntil = Date.now() + login.expires_s * 1000 - 10_000;
    for (const take of this.waiting.splice(0)) take(login);
    if (this.phone) return;
    const phone = this.phone = new Phone({
      url: () => this.url(), uri: login.uri, name: login.user, register: true, instance: this.tab,
    });
    phone.addEventListener('state', () => this.changed());
    phone.addEventListener('owing', () => this.changed());
    phone.addEventListener('call', (event) => this.called(/** @type {CustomEvent<Call>} */ (event).detail));
    phone.start();
  }

  /** Whether the telephone was there and is tried again. */
  get isInterrupted() {
    return this.phone?.isInterrupted ?? false;
  }

  /** Why the server has ended the connection, in its words. */
  get why() {
    return this.phone?.why ?? '';
  }

  /** Whether somebody does not know yet that their call has ended. */
  get isOwing() {
    return this.phone?.isOwing ?? false;
  }

  async url() {
    const { path, token } = await this.fresh();
    return `${location.origin.replace(/^http/, 'ws')}${path}?token=${encodeURIComponent(token)}`;
  }

  /** @returns {Promise<PhoneLogin>} */
  fresh() {
    if (this.login && Date.now() < this.tokenUntil) return Promise.resolve(this.login);
    return new Promise((resolve, reject) => {
      if (!this.desk.send({ type: 'phone_token' })) return reject(new Error('the desk is not connected'));
      this.waiting.push(resolve);
      setTimeout(reject, TOKEN_WITHIN_MS, new Error('no token came'));
    });
  }

  /** @param {Call} call */
  called(call) {
    // Server and page have come back to the same call at once: the server's way is taken, ours is refused there.
    if (this.call && this.call === this.wayBack && (this.call.state === 'calling' || this.call.state === 'progress')) {
      this.call.end({ by: 'network', status: 491, text: 'the server has called first' });
    }
    if (this.call && !this.call.isOver) return call.refuse(486);
    this.adopt(call);
    void this.readyMicrophone();
    this.dispatchEvent(new CustomEvent('ring'));
  }

  /** @param {Call} call */
  adopt(call) {
    this.call = call;
    call.addEventListener('change', () => this.callChanged(call));
    call.addEventListener('sound', () => this.changed());
    this.changed();
  }

  /** @param {Call} call */
  callChanged(call) {
    if (this.call !== call) return;
    if (call.state === 'talking') this.keep();
    if (call.isOver) this.forget(call);
    this.changed();
  }

  /** A reload, or another tab, finds the call by this. */
  keep() {
    if (!this.call || !this.login) return;
    kept.keepCall(this.login.user, { ...this.call.dialog.ids(), call: this.callId, tab: this.tab });
  }

  /** @param {Call} call */
  forget(call) {
    const user = this.login?.user ?? '';
    if (kept.call(user)?.callId === call.dialog.callId) kept.keepCall(user, null);
    if (call.ending?.by === 'us') this.endedId = this.callId;
    const code = { 408: 'no-sound', 488: 'no-codec' }[call.ending?.by === 'network' ? call.ending.status : 0];
    if (code) {
      void this.report(code);
      this.dispatchEvent(new CustomEvent('silent', { detail: code }));
    }
    this.call = null;
    this.closeMicrophone();
  }

  /** Asks for the microphone; false when it is not to be had, and everybody is told. */
  async readyMicrophone() {
    if (this.microphone?.active) return true;
    try {
      this.microphone = await openMicrophone();
      this.dispatchEvent(new CustomEvent('fault', { detail: null }));
      this.changed();
      return true;
    } catch (fault) {
      const detail = fault instanceof MicrophoneError ? fault.fault : 'refused';
      this.dispatchEvent(new CustomEvent('fault', { detail }));
      void this.report(codeOf(detail));
      return false;
    }
  }

  /** For the server's log. @param {string} code */
  async report(code) {
    const login = await this.fresh().catch(() => null);
    if (login) report(location.origin, login.token, code);
  }

  closeMicrophone() {
    closeMicrophone(this.microphone);
    this.microphone = null;
  }

  async answer() {
    const call = this.call;
    if (!call || !(await this.readyMicrophone()) || !this.microphone) return false;
    await call.answer(this.microphone);
    return true;
  }

  /** Whether this tab had the call before it was reloaded, or another has it, or it is ending. @returns {'ours' | 'theirs' | 'ended' | 'unknown'} */
  whereIs() {
    const call = kept.call(this.login?.user ?? '');
    if (!call || call.call !== this.callId) return this.endedId && this.endedId === this.callId ? 'ended' : 'unknown';
    return call.tab === this.tab ? 'ours' : 'theirs';
  }

  /** Takes the place of the leg that this agent has already (RFC 3891); the caller notices nothing. */
  async comeBack() {
    const old = kept.call(this.login?.user ?? '');
    if (!old || !this.phone || !this.login || this.call) return false;
    if (!(await this.readyMicrophone()) || !this.microphone) return false;
    if (this.call) return false;
    const replaces = `${old.callId};to-tag=${old.remoteTag};from-tag=${old.localTag}`;
    this.wayBack = this.phone.call(this.login.uri, this.microphone, [['replaces', replaces]]);
    this.adopt(this.wayBack);
    return true;
  }

  /** The SIP URI of an agent's name or a number. @param {string} text */
  uriOf(text) {
    const number = text.replace(/[\s().-]/g, '');
    const user = /^\+?\d+$/.test(number) ? number : text.trim().toLowerCase();
    return `sip:${encodeURIComponent(user).replace('%2B', '+')}@${this.login?.domain ?? ''}`;
  }

  /** No new call comes here; one that goes on stays. */
  async retire() {
    await this.phone?.unregister();
    if (!this.call) await this.stop();
  }

  async stop() {
    await this.phone?.stop();
    this.phone = null;
    this.login = null;
    this.closeMicrophone();
  }

  changed() {
    this.dispatchEvent(new CustomEvent('change'));
  }
}
