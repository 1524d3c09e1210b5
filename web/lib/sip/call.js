/** One call: from INVITE to BYE, with hold, keys, transfer, and what happens when the network does not play along. */

import { Dialog } from './dialog.js';
import { Peer } from './peer.js';
import { address, cseq, draw, first, userOf, write } from './message.js';

/** @typedef {import('./message.js').Message} Message */
/** @typedef {import('./message.js').Header} Header */
/** @typedef {import('./phone.js').Phone} Phone */

/**
 * `calling`: we call, nothing heard yet. `progress`: the other side works on it. `ringing`: we are called. `connecting`: answered,
 * sound is being set up. `talking`. `ended`.
 * @typedef {'calling' | 'progress' | 'ringing' | 'connecting' | 'talking' | 'ended'} CallState
 */

/**
 * Why a call ended. `by`: who did it; `network` is neither side's will.
 * @typedef {{ by: 'us' | 'them' | 'network', status: number, text: string }} Ending
 */

/** ICE that has not found a path by then finds none. */
const SOUND_WITHIN_MS = 10_000;
/** RFC 3261 section 13.3.1.4. */
const T1_MS = 500, T2_MS = 4_000, ACK_WITHIN_MS = 32_000;
const DISCONNECTED_FOR_MS = 4_000;
/** What may be otherwise in a moment: another change is under way, or the connection ended under this one. */
const PASSING = new Set([491, 500, 503]), CHANGE_TRIES = 4;
/** Nobody waits longer for a call to be taken at all. */
const AGAIN_WITHIN_S = 12, CALL_TRIES = 3;

/**
 * Events: `change` (state, held, muted or what is heard has changed), `sound` (detail: MediaStream), `transfer` (detail: SIP status
 * of the new side so far).
 */
export class Call extends EventTarget {
  /** @param {Phone} phone @param {Dialog} dialog @param {boolean} outgoing */
  constructor(phone, dialog, outgoing) {
    super();
    this.phone = phone;
    this.dialog = dialog;
    this.outgoing = outgoing;
    /** @type {CallState} */
    this.state = outgoing ? 'calling' : 'ringing';
    this.held = false;
    this.heldByThem = false;
    this.muted = false;
    /** Sound was there and has stopped: the network. */
    this.interrupted = false;
    /** @type {Ending | null} */
    this.ending = null;
    /** @type {Peer | null} */
    this.peer = null;
    /** @type {Message | null} */
    this.invite = null;
    /** The ACK that a repeated 200 gets again. */
    this.ack = '';
    this.busy = false;
    /** A hold or its end that the other side has not agreed to yet. @type {'' | 'hold' | 'resume'} */
    this.changing = '';
    this.wantsEnd = false;
    this.isCancelled = false;
    this.waitsForAck = false;
    this.timers = { sound: 0, repeat: 0, disconnected: 0 };
    /** When sound was first there, as Date.now() has it. */
    this.since = 0;
  }

  /** @param {Phone} phone @param {string} target @param {MediaStream} microphone @param {Header[]} headers */
  static toMake(phone, target, microphone, headers) {
    const dialog = new Dialog({ callId: draw(24), localTag: draw(10), local: phone.from, remote: `<${target}>`, target });
    const call = new Call(phone, dialog, true);
    call.peer = call.listen(new Peer(microphone));
    void call.makeCall(call.peer, headers);
    return call;
  }

  /** @param {Phone} phone @param {Message} invite */
  static toTake(phone, invite) {
    const call = new Call(phone, Dialog.toAnswer(invite), false);
    call.invite = invite;
    return call;
  }

  /** Who is on the other side: a name when there is one. */
  get who() {
    const asserted = this.invite && !this.outgoing ? first(this.invite, 'p-asserted-identity') : '';
    const { display, uri } = address(asserted || this.dialog.remote);
    return display || userOf(uri) || uri;
  }

  /** Whether it takes the place of a call that we had (RFC 3891). */
  get replaces() {
    return !this.outgoing && this.invite !== null && first(this.invite, 'replaces') !== '';
  }

  get sound() {
    return this.peer?.sound ?? null;
  }

  get isOver() {
    return this.state === 'ended';
  }

  // Acts of the person

  /** Takes a call that rings. @param {MediaStream} microphone */
  async answer(microphone) {
    const invite = this.invite;
    if (this.state !== 'ringing' || !invite) return;
    this.become('connecting');
    const peer = this.peer = this.listen(new Peer(microphone));
    try {
      const body = invite.body ? await peer.answer(invite.body) : await peer.offer();
      if (this.isOver) return;
      this.sendOk(invite, body);
      this.expectSound();
    } catch (fault) {
      this.phone.respond(invite, 488, 'Not Acceptable Here', [], { tag: this.dialog.localTag });
      this.finish({ by: 'network', status: 488, text: `the sound could not be agreed on: ${String(fault)}` });
    }
  }

  /** Refuses a call that rings. @param {number} [status] 486 busy, 480 not there, 603 no */
  refuse(status = 486) {
    if (this.state !== 'ringing' || !this.invite) return;
    this.phone.respond(this.invite, status, 'Refused', [], { tag: this.dialog.localTag });
    this.finish({ by: 'us', status, text: 'refused' });
  }

  /** Ends the call, whatever state it is in; the other side hears of it once the connection is there. @param {Ending} [ending] */
  end(ending = { by: 'us', status: 0, text: 'ended' }) {
    if (this.isOver) return;
    if (this.state === 'ringing') return this.refuse(480);
    if (this.state === 'calling' || this.state === 'progress') this.cancel();
    else this.bye(ending);
    this.finish(ending);
  }

  /** Holds or resumes. False when the other side does not agree. @param {boolean} held */
  async hold(held) {
    if (this.state !== 'talking' || !this.peer || this.busy || this.changing || held === this.held) return false;
    this.peer.hold(held);
    // Whatever the other side says to it, and whenever: whoever holds wants to be heard no more.
    this.peer.mute(held || this.muted);
    this.changing = held ? 'hold' : 'resume';
    this.changed();
    const ok = await this.insist();
    this.changing = '';
    if (ok) this.held = held;
    else this.peer.hold(this.held);
    this.peer.mute(this.held || this.muted);
    this.changed();
    return ok;
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    this.peer?.mute(muted || this.held || this.changing === 'hold');
    this.changed();
  }

  /** Sends keys (RFC 4733). @param {string} keys 0-9, *, #, A-D */
  press(keys) {
    return this.state === 'talking' && (this.peer?.press(keys) ?? false);
  }

  /**
   * Passes the call on (RFC 3515, blind). The event `transfer` tells how the new side answers; at 200 the call is over here.
   * @param {string} target a SIP URI
   * @returns {Promise<Message>} the answer to the REFER
   */
  transfer(target) {
    return this.request('REFER', [['refer-to', `<${target}>`], ['referred-by', this.dialog.local], ...this.contact()]);
  }

  // Our INVITE

  /** @param {Peer} peer @param {Header[]} headers */
  async makeCall(peer, headers) {
    let body;
    try {
      body = await peer.offer();
    } catch (fault) {
      return this.finish({ by: 'network', status: 488, text: String(fault) });
    }
    if (this.wantsEnd || this.isOver) return;
    const response = await this.place(body, headers);
    if (response.status >= 300) return this.finish(endingOf(response));
    this.dialog.learn(response);
    this.sendAck();
    if (this.wantsEnd || this.isOver) return this.bye({ by: 'us', status: 0, text: 'cancelled' });
    this.become('connecting');
    await this.take(response.body);
  }

  /** A server that has too much to do for a moment says when to ask again (RFC 3261 section 21.5.4). @param {string} body @param {Header[]} headers */
  async place(body, headers) {
    for (let tries = 1; ; tries += 1) {
      const response = await this.sendInvite(body, headers, { onProvisional: (early) => this.progress(early) });
      const after = response.status === 503 ? Number.parseInt(first(response, 'retry-after'), 10) : NaN;
      if (!(after <= AGAIN_WITHIN_S) || tries === CALL_TRIES || this.wantsEnd || this.isOver) return response;
      await pause(after * 1_000);
      if (this.isOver) return response;
    }
  }

  /** @param {string} body @param {Header[]} headers @param {import('./phone.js').Manner} manner */
  sendInvite(body, headers, manner) {
    return this.phone.exchange({
      method: 'INVITE',
      uri: this.dialog.target,
      headers: [
        ...this.dialog.headers(), ...this.contact(), ...headers,
        ['supported', 'outbound, replaces'], ['allow', 'INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, UPDATE, REFER'],
        ['content-type', 'application/sdp'],
      ],
      body,
      seq: () => (this.dialog.localSeq += 1),
      onSent: (request) => { this.invite = request; },
      ...manner,
    });
  }

  /** @param {Message} response */
  progress(response) {
    if (this.wantsEnd) return this.sendCancel();
    if (this.isOver || response.status === 100) return;
    this.become('progress');
    if (response.body) void this.peer?.accept(response.body, false).catch(() => {});
  }

  /** The answer to our offer. @param {string} body */
  async take(body) {
    try {
      await this.peer?.accept(body, true);
      this.expectSound();
    } catch (fault) {
      this.end({ by: 'network', status: 488, text: `the sound could not be agreed on: ${String(fault)}` });
    }
  }

  cancel() {
    this.wantsEnd = true;
    // Before a provisional answer no CANCEL may be sent (RFC 3261 section 9.1).
    if (this.state === 'progress') this.sendCancel();
  }

  sendCancel() {
    const invite = this.invite;
    if (!invite || this.isCancelled) return;
    this.isCancelled = true;
    const keep = invite.headers.filter(([name]) => ['via', 'route', 'max-forwards', 'from', 'to', 'call-id'].includes(name));
    void this.phone.carry({
      method: 'CANCEL', uri: invite.uri, status: 0, reason: '', body: '',
      headers: [...keep, ['cseq', `${cseq(invite).number} CANCEL`]],
    }, { patience: 'insists' });
  }

  /** For an INVITE of ours that was answered. */
  sendAck() {
    const request = this.phone.request({
      method: 'ACK', uri: this.dialog.target, headers: this.dialog.headers(), seq: () => this.dialog.localSeq,
    }, `z9hG4bK${draw(14)}`, []);
    this.ack = write(request);
    this.acknowledgeAgain();
  }

  acknowledgeAgain() {
    if (this.ack) this.phone.socket.send(this.ack);
  }

  // Requests inside the call

  /** @returns {Header[]} */
  contact() {
    return [['contact', this.phone.contact]];
  }

  /** @param {string} method @param {Header[]} headers @param {import('./phone.js').Patience} [patience] */
  request(method, headers, patience = 'waits') {
    return this.phone.exchange({
      method, uri: this.dialog.target, headers: [...this.dialog.headers(), ...headers], seq: () => (this.dialog.localSeq += 1), patience,
    });
  }

  /** A new offer, again where something was in its way for a moment (RFC 3261 section 14.1). */
  async insist() {
    for (let tries = 1; ; tries += 1) {
      const status = await this.reinvite();
      if (status < 300) return true;
      if (this.isOver || !PASSING.has(status) || tries === CHANGE_TRIES) return false;
      const wait = (this.outgoing ? 2_100 : 0) + Math.random() * 1_900;
      await pause(wait);
    }
  }

  /** A new offer in this call (RFC 3261 section 14). Answers with the status. */
  async reinvite() {
    const peer = this.peer;
    if (!peer) return 481;
    this.busy = true;
    try {
      const response = await this.sendInvite(await peer.offer(), [], { patience: 'waits' });
      if (response.status < 300) {
        this.dialog.refresh(response);
        this.sendAck();
        await peer.accept(response.body, true);
        return 200;
      }
      await peer.rollback();
      if (response.status === 481 || response.status === 408) this.finish(endingOf(response));
      return response.status;
    } catch {
      return 488;
    } finally {
      this.busy = false;
    }
  }

  /** @param {Ending} ending */
  bye(ending) {
    /** @type {Header[]} */
    const reason = ending.by === 'network' ? [['reason', `SIP;cause=${ending.status};text="${ending.text.replace(/["\\\r\n]/g, "'").slice(0, 120)}"`]] : [];
    void this.request('BYE', reason, 'insists');
  }

  /** The connection was lost and is there again: our new place is told (RFC 3311), and the call may be over. */
  async comeBack() {
    if (this.state === 'calling' || this.state === 'progress' || this.state === 'ringing') {
      return this.finish({ by: 'network', status: 503, text: 'the connection was lost' });
    }
    if (this.isOver) return;
    const response = await this.request('UPDATE', this.contact(), 'fails');
    if (response.status === 481) this.finish({ by: 'network', status: 481, text: 'the call ended while the connection was lost' });
  }

  // Requests of the other side

  /** @param {Message} request */
  asked(request) {
    const { method } = request;
    if (method === 'ACK') return this.acknowledged(request);
    if (method === 'CANCEL') return this.cancelled(request);
    if (!this.dialog.takes(request)) return this.phone.respond(request, 500, 'Out of order');
    if (method === 'BYE') this.ended(request);
    else if (method === 'INVITE' || method === 'UPDATE') void this.changedByThem(request);
    else if (method === 'NOTIFY') this.notified(request);
    else if (method === 'INFO' || method === 'OPTIONS') this.phone.respond(request, 200, 'OK');
    else this.phone.respond(request, 603, 'Decline');
  }

  ring() {
    if (!this.invite) return;
    this.phone.respond(this.invite, 180, 'Ringing', this.contact(), { tag: this.dialog.localTag });
  }

  /** @param {Message} request @param {string} body */
  sendOk(request, body) {
    /** @type {Header[]} */
    const headers = [...this.contact(), ['supported', 'outbound, replaces'], ['content-type', 'application/sdp']];
    const send = () => this.phone.respond(request, 200, 'OK', headers, { tag: this.dialog.localTag, body });
    this.waitsForAck = true;
    send();
    this.repeat(send, T1_MS, Date.now() + ACK_WITHIN_MS);
  }

  /** @param {() => void} send @param {number} wait @param {number} until */
  repeat(send, wait, until) {
    this.timers.repeat = setTimeout(() => {
      if (!this.waitsForAck || this.isOver) return;
      if (Date.now() > until) return this.end({ by: 'network', status: 408, text: 'no ACK' });
      send();
      this.repeat(send, Math.min(wait * 2, T2_MS), until);
    }, wait);
  }

  /** @param {Message} ack */
  acknowledged(ack) {
    if (!this.waitsForAck) return;
    this.waitsForAck = false;
    clearTimeout(this.timers.repeat);
    // The answer to an offer of ours in the 200 is in the ACK.
    if (ack.body && this.peer?.pc.signalingState === 'have-local-offer') void this.take(ack.body);
  }

  /** @param {Message} request */
  cancelled(request) {
    this.phone.respond(request, 200, 'OK', [], { tag: this.dialog.localTag });
    if (this.state !== 'ringing' || !this.invite) return;
    this.phone.respond(this.invite, 487, 'Request Terminated', [], { tag: this.dialog.localTag });
    this.finish({ by: 'them', status: 487, text: reasonOf(request) || 'the caller hung up' });
  }

  /** @param {Message} bye */
  ended(bye) {
    this.phone.respond(bye, 200, 'OK');
    // Answered, and the sound was never there: nobody wanted that.
    if (this.state === 'connecting') this.finish({ by: 'network', status: 408, text: reasonOf(bye) || 'no sound came about' });
    else this.finish({ by: 'them', status: 0, text: reasonOf(bye) });
  }

  /** @param {Message} request */
  async changedByThem(request) {
    const peer = this.peer;
    this.dialog.refresh(request);
    if (request.method === 'UPDATE' && !request.body) return this.phone.respond(request, 200, 'OK', this.contact());
    if (!peer || this.busy || peer.pc.signalingState !== 'stable') return this.phone.respond(request, 491, 'Request Pending');
    try {
      const body = request.body ? await peer.answer(request.body) : await peer.offer();
      if (request.method === 'INVITE') this.sendOk(request, body);
      else this.phone.respond(request, 200, 'OK', [...this.contact(), ['content-type', 'application/sdp']], { body });
      this.heldByThem = /^a=(sendonly|inactive)\s*$/m.test(request.body);
      this.changed();
    } catch {
      this.phone.respond(request, 488, 'Not Acceptable Here');
    }
  }

  /** How a transfer goes on (RFC 3515 section 2.4.4). @param {Message} notify */
  notified(notify) {
    this.phone.respond(notify, 200, 'OK');
    const status = Number(/^SIP\/2\.0 (\d{3})/i.exec(notify.body)?.[1] ?? 0);
    if (status) this.dispatchEvent(new CustomEvent('transfer', { detail: status }));
  }

  // The sound

  /** @param {Peer} peer */
  listen(peer) {
    peer.addEventListener('state', () => this.soundChanged(peer.pc.connectionState));
    peer.addEventListener('sound', (event) => {
      this.dispatchEvent(new CustomEvent('sound', { detail: /** @type {CustomEvent<MediaStream>} */ (event).detail }));
    });
    return peer;
  }

  expectSound() {
    if (this.peer?.isConnected) return this.soundChanged('connected');
    this.timers.sound = setTimeout(() => this.end({ by: 'network', status: 408, text: 'ICE found no path for the sound' }), SOUND_WITHIN_MS);
  }

  /** @param {RTCPeerConnectionState} state */
  soundChanged(state) {
    clearTimeout(this.timers.disconnected);
    if (state === 'connected') {
      if (this.state === 'connecting') {
        clearTimeout(this.timers.sound);
        this.since ||= Date.now();
        this.become('talking');
      }
      this.interrupted = false;
      this.changed();
    } else if (this.state === 'talking' && (state === 'disconnected' || state === 'failed')) {
      this.interrupted = true;
      this.changed();
      this.timers.disconnected = setTimeout(() => void this.findAnotherPath(), state === 'failed' ? 0 : DISCONNECTED_FOR_MS);
    } else if (state === 'failed' && this.state === 'connecting') {
      this.end({ by: 'network', status: 408, text: 'ICE found no path for the sound' });
    }
  }

  /** ICE from the beginning: the machine may have changed its network. */
  async findAnotherPath() {
    if (this.state !== 'talking' || !this.interrupted || !this.peer || this.busy) return;
    this.timers.sound = setTimeout(() => {
      if (this.interrupted) this.end({ by: 'network', status: 408, text: 'the sound was lost and no other path was found' });
    }, SOUND_WITHIN_MS);
    this.peer.pc.restartIce();
    await this.reinvite();
  }

  // States

  /** @param {CallState} state */
  become(state) {
    if (this.state === state || this.isOver) return;
    this.state = state;
    this.changed();
  }

  /** @param {Ending} ending */
  finish(ending) {
    if (this.isOver) return;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.peer?.mute(false);
    this.peer?.close();
    this.ending = ending;
    this.state = 'ended';
    this.changed();
    // A little longer, so that what is under way still finds it.
    setTimeout(() => this.phone.forget(this), 5_000);
  }

  changed() {
    this.dispatchEvent(new CustomEvent('change'));
  }
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** @param {Message} response @returns {Ending} */
function endingOf(response) {
  // What nobody has sent has no headers.
  const by = response.headers.length === 0 || response.status === 408 ? 'network' : 'them';
  return { by, status: response.status, text: reasonOf(response) || response.reason };
}

/** The text of a Reason header (RFC 3326). @param {Message} message */
function reasonOf(message) {
  return /;\s*text="((?:[^"\\]|\\.)*)"/i.exec(first(message, 'reason'))?.[1] ?? '';
}
