/** The agent's desk: the server's messages come in, the telephone's events come in, one drawing goes out. */

import { DeskSocket } from '../lib/desk-socket.js';
import { MICROPHONE_FAULTS, Ringer, audio, note, play } from '../lib/media.js';
import { byId, clock, fill, h, icon, painted, say } from '../lib/dom.js';
import { Line } from './line.js';
import { Notes } from './notes.js';
import { Panel } from './panel.js';
import { aboutOf, articlesOf, drawNobody, drawPop, newlyOpened, titleOf } from './pop.js';
import { Presence } from './presence.js';
import { BUSY, drawStates } from './states.js';
import { Watch } from './watch.js';
import { tell, tellNoMore, whenItMayRing } from './telling.js';
import { drawWrapUp, isTyping, unsaved } from './wrap-up.js';
import { kept } from './kept.js';

/** @typedef {import('../lib/desk-socket.js').Pop} Pop */
/** @typedef {import('../lib/desk-socket.js').ServerMessage} ServerMessage */
/** @typedef {import('../lib/media.js').MicrophoneFault} MicrophoneFault */
/** What the agent sees. @typedef {'idle' | 'offered' | 'ringing' | 'talking' | 'elsewhere' | 'wrap-up'} Phase */

/** @param {string} text */
const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** After a reload the server calls us back as soon as we have registered; when it has not by then, we call. */
const COME_BACK_AFTER_MS = 2_500;
/** So long after a login the server has said what is left of the wrap-up of before. */
const COMES_BACK_WITHIN_MS = 3_000;

export class Desk {
  /** @param {{ agent: string, token: string }} login */
  constructor(login) {
    this.login = login;
    this.settings = kept.settings();
    /** @type {{ state: string, reason?: string, why?: string }} */
    this.state = { state: 'offline' };
    /** Another window of this agent has the desk. */
    this.isDisplaced = false;
    /** What the agent has asked for and is not yet: with a call or wrap-up, it comes after that. @type {{ state: string, reason?: string } | null} */
    this.next = null;
    /** What a break may be for; empty for anything. @type {string[]} */
    this.breaks = [];
    /** @type {Pop | null} */
    this.pop = null;
    /** The call that the server speaks of. */
    this.call = '';
    /** @type {'' | 'offered' | 'ringing' | 'talking' | 'held' | 'ended'} */
    this.callPhase = '';
    this.talkingSince = 0;
    this.wrapUp = false;
    /** Whether the call is being recorded. @type {'' | 'on' | 'paused' | 'off'} */
    this.recording = '';
    /** Whom the agent asks while the caller waits, and how it stands. @type {{ to: string, state: string }} */
    this.consulting = { to: '', state: '' };
    this.wantsClick = false;
    /** A call of before the reload is fetched by itself once; after that the agent decides. */
    this.triedBack = false;
    /** For how long the connection was away, after which the desk has said what its agent was. */
    this.saidAgain = '';
    /** When the router expects the agent back from the wrap-up. */
    this.wrapUpUntil = 0;
    this.done = kept.done(login.agent);
    this.presence = new Presence(login.agent);
    this.outcome = '';
    /** What the agent is told of a lost connection now. @type {string | undefined} */
    this.lost = undefined;
    this.ringer = new Ringer();
    this.socket = new DeskSocket(`${location.origin.replace(/^http/, 'ws')}/v1/desktop`, login);
    this.line = new Line(this.socket);
    this.socket.backoff.isUrgent = () => this.line.call !== null;
    this.panel = new Panel(byId('panel', HTMLElement), this);
    this.watch = new Watch(byId('watch', HTMLElement), this);
    this.notes = new Notes(byId('notes', HTMLElement));
    this.notices = byId('notices', HTMLElement);
    this.listen();
  }

  listen() {
    this.socket.addEventListener('message', (event) => this.take(/** @type {CustomEvent<ServerMessage>} */ (event).detail));
    this.socket.addEventListener('state', () => this.connectionChanged());
    this.socket.addEventListener('over', (event) => this.over(/** @type {CustomEvent<string>} */ (event).detail));
    this.line.addEventListener('change', () => this.lineChanged());
    this.line.addEventListener('ring', () => this.rings());
    this.line.addEventListener('silent', (event) => this.silent(/** @type {CustomEvent<string>} */ (event).detail));
    this.line.addEventListener('fault', (event) => this.microphoneFault(/** @type {CustomEvent<MicrophoneFault | null>} */ (event).detail));
  }

  open() {
    byId('bar', HTMLElement).hidden = false;
    byId('desk', HTMLElement).hidden = false;
    byId('login', HTMLElement).hidden = true;
    drawNobody(byId('pop', HTMLElement), this.done);
    this.socket.open();
    this.draw();
    whenItMayRing(() => { audio(); this.draw(); });
    setInterval(() => this.tick(), 1_000);
  }

  get isOpen() {
    return this.socket.state === 'open';
  }

  /** @returns {Phase} */
  get phase() {
    const call = this.line.call;
    if (call?.state === 'ringing') return 'ringing';
    if (call) return 'talking';
    if (this.callPhase === 'talking' || this.callPhase === 'held') return this.line.isHere ? 'elsewhere' : 'talking';
    if (this.wrapUp) return 'wrap-up';
    if (this.callPhase === 'ringing') return 'ringing';
    return this.callPhase === 'offered' ? 'offered' : 'idle';
  }

  /** Who is on the other side. */
  get caller() {
    if (this.pop) return titleOf(this.pop);
    return this.watch.isWith ? this.watch.title : this.line.call?.who ?? 'Caller';
  }

  // What the server says

  /** @param {ServerMessage} message */
  take(message) {
    switch (message.type) {
      case 'welcome': this.welcomed(message); break;
      case 'phone': this.line.configure(/** @type {any} */ (message)); break;
      case 'state_changed': this.stateChanged(message); break;
      case 'pop': void this.offered(/** @type {any} */ (message)); break;
      case 'pop_updated': this.updated(/** @type {any} */ (message)); break;
      case 'pop_withdrawn': this.withdrawn(message); break;
      case 'call_state': this.callChanged(message); break;
      case 'calls': this.watch.listed(/** @type {any} */ (message.calls)); return;
      case 'colleagues': this.panel.drawColleagues(/** @type {any} */ (message.colleagues)); return;
      case 'supervision': this.watch.changed(/** @type {any} */ (message)); break;
      case 'consultation': this.consulted(message); break;
      case 'recording': if (message.call === this.call) this.recording = message.state; break;
      case 'wrap_up_due': this.wrapUpDue(message.call); break;
      case 'wrap_up_taken': this.wrapUpTaken(message.call); break;
      case 'error': this.error(message); break;
      default: return;
    }
    this.draw();
  }

  /** @param {ServerMessage} welcome */
  welcomed(welcome) {
    this.state = { state: welcome.state, reason: welcome.reason };
    this.breaks = welcome.breaks ?? [];
    if (!welcome.resumed) {
      this.keepUnsaved();
      this.forgetCall();
    }
    this.backAgain(welcome);
    this.presence.is(this.state);
    this.watch.supervises(/** @type {string[]} */ (welcome.supervises ?? []));
    if (welcome.phone) this.line.configure(welcome.phone);
    kept.keepLogin(this.login);
    this.clear('login');
  }

  /** The server was started anew, or has logged us out meanwhile: who was there a moment ago is there again. @param {ServerMessage} welcome */
  backAgain(welcome) {
    const { wish, awayMs, isLate } = this.presence.back();
    if (welcome.resumed || welcome.state !== 'offline' || !wish) return;
    const away = `The connection was away for ${clock(awayMs)}.`;
    if (isLate) return this.notice('back', 'warn', 'You take no calls', `${away} Go available when you are ready.`);
    this.socket.send({ type: 'set_state', ...wish });
    this.saidAgain = away;
  }

  /** What was said again is so. */
  isBackAgain() {
    const { state } = this.state;
    if (!this.saidAgain || (state !== 'available' && state !== 'break')) return;
    this.notice('back', 'good', state === 'available' ? 'You are available again' : 'Your break goes on', this.saidAgain);
    this.saidAgain = '';
    setTimeout(() => this.clear('back'), 10_000);
  }

  /** @param {ServerMessage} message */
  stateChanged({ state, reason, why, within_s: within }) {
    this.state = { state, reason, why };
    this.presence.is(this.state);
    if (state === 'wrap_up' && within) this.wrapUpEnds(Date.now() + within * 1000);
    if (state === 'available') this.clear('back', 'You take no calls');
    this.isBackAgain();
    if (!BUSY[state]) this.next = null;
  }

  /** Told anew after a reload, the time is not longer for that. @param {number} until */
  wrapUpEnds(until) {
    this.wrapUpUntil = until;
    if (this.call) kept.keepUntil(this.call, Math.min(until, kept.until(this.call) || until));
  }

  /** Draws the pop, and tells the server only when it is on the screen. @param {Pop} pop */
  async offered(pop) {
    if (pop.call !== this.call) this.clear('call');
    this.setCall(pop.call);
    this.pop = pop;
    this.callPhase ||= 'offered';
    this.draw();
    drawPop(byId('pop', HTMLElement), pop);
    this.alert(`Call from ${titleOf(pop)}, ${pop.level}.`);
    if (this.callPhase === 'offered') tell(`Call from ${titleOf(pop)}`, aboutOf(pop) || pop.queue);
    await painted();
    this.socket.send({ type: 'pop_drawn', call: pop.call, fence: pop.fence });
  }

  /** The caller has proven more. @param {Pop} pop */
  updated(pop) {
    const opened = newlyOpened(this.pop, pop);
    this.pop = pop;
    drawPop(byId('pop', HTMLElement), pop, opened);
    if (opened.size) this.alert(`${pop.level}: ${opened.size} fields are open now.`);
  }

  /** @param {ServerMessage} message */
  withdrawn(message) {
    if (message.call !== this.call) return;
    this.notice('call', 'warn', 'The call is gone', sentence(String(message.why)));
    this.remember('missed');
    this.forgetCall();
  }

  /** @param {ServerMessage} message */
  callChanged(message) {
    this.setCall(message.call);
    this.callPhase = message.phase;
    if (message.phase === 'talking') this.talkingSince ||= Date.now();
    if (message.phase !== 'ended') {
      if (message.phase !== 'ringing') this.fetchCall();
      return;
    }
    this.callPhase = '';
    // Without a wrap-up to come, nothing is left to show.
    setTimeout(() => { if (!this.wrapUp && !this.callPhase && !this.line.call && message.call === this.call) { this.forgetCall(); this.draw(); } }, 1_500);
  }

  /** @param {string} call */
  setCall(call) {
    if (call === this.call) return;
    if (call) this.saveUnsaved();
    this.call = call;
    this.line.callId = call;
    this.callPhase = '';
    this.talkingSince = 0;
    this.wrapUp = false;
    this.recording = '';
    this.consulting = { to: '', state: '' };
    this.triedBack = false;
    this.pop = null;
  }

  /** The next call has come before the wrap-up was saved: what was written is not lost. */
  saveUnsaved() {
    const written = this.wrapUp ? unsaved(this.call) : null;
    this.wrapUp = false;
    if (!written) return;
    this.socket.send({ type: 'wrap_up', call: this.call, ...written });
    this.remember('not saved', { call: this.call, written });
    kept.keepDraft(this.call, null);
  }

  /** The server has what was written. @param {string} call */
  savedLate(call) {
    const one = this.done.find(({ unsaved: left }) => left?.call === call);
    if (!one?.unsaved) return;
    one.outcome = one.unsaved.written.outcome.replace('-', ' ');
    one.unsaved = undefined;
    kept.keepDone(this.login.agent, this.done);
    this.notice('saved', 'good', `The wrap-up of ${one.who} was saved as it stood`, 'The next call has come.');
  }

  /** The server that is there now may know nothing of the call whose wrap-up was open: what was written stays to be seen. */
  keepUnsaved() {
    const { call } = this, written = this.wrapUp ? unsaved(call) : null;
    this.wrapUp = false;
    if (!written) return;
    const one = this.entry('not saved', { call, written });
    setTimeout(() => {
      if (this.call === call) return;
      this.done.unshift(one);
      kept.keepDone(this.login.agent, this.done);
      if (!this.call) drawNobody(byId('pop', HTMLElement), this.done);
    }, COMES_BACK_WITHIN_MS);
  }

  /** @param {string} outcome @param {import('./pop.js').Done['unsaved']} [left] @returns {import('./pop.js').Done} */
  entry(outcome, left) {
    return { at: Date.now(), who: this.caller, outcome: outcome.replace('-', ' ') || 'saved', about: this.pop ? aboutOf(this.pop) : '', unsaved: left };
  }

  /** For the agent's own list. @param {string} outcome @param {import('./pop.js').Done['unsaved']} [left] */
  remember(outcome, left) {
    this.done.unshift(this.entry(outcome, left));
    this.done.length = Math.min(this.done.length, 20);
    kept.keepDone(this.login.agent, this.done);
  }

  /** @param {string} call */
  wrapUpDue(call) {
    this.setCall(call);
    this.callPhase = '';
    this.wrapUp = true;
    if (this.state.state === 'wrap_up' && this.wrapUpUntil > Date.now()) this.wrapUpEnds(this.wrapUpUntil);
    this.panel.shown = '';
    this.ringer.stop();
    drawWrapUp(byId('panel', HTMLElement), {
      call, caller: this.caller, articles: articlesOf(this.pop), alert: (text) => this.alert(text),
      send: (wrapUp) => {
        this.outcome = wrapUp.outcome;
        return this.socket.send({ type: 'wrap_up', call, ...wrapUp });
      },
    });
  }

  /** @param {string} call */
  wrapUpTaken(call) {
    kept.keepDraft(call, null);
    kept.keepUntil(call, null);
    if (call !== this.call) return this.savedLate(call);
    this.remember(this.outcome);
    this.wrapUp = false;
    this.forgetCall();
    this.notice('call', 'good', 'Saved', 'The customer can follow it on their page.');
    setTimeout(() => this.clear('call', 'Saved'), 5_000);
  }

  forgetCall() {
    this.setCall('');
    this.ringer.stop();
    this.panel.shown = '';
    this.panel.drawer = '';
    this.panel.passing = '';
    this.panel.keys = '';
    drawNobody(byId('pop', HTMLElement), this.done);
  }

  /** @param {ServerMessage} message */
  error(message) {
    if (message.code === 'no_such_break') this.next = null;
    if (message.code !== 'unauthorized') this.notice('error', 'bad', String(message.text), String(message.remedy));
  }

  // The telephone

  lineChanged() {
    const call = this.line.call;
    if (call?.state !== 'ringing') this.ringer.stop();
    if (call && call.state !== 'ringing') tellNoMore();
    void this.hear();
    this.connectionChanged();
    if (!call) this.panel.passing = '';
    if (this.line.state === 'registered') this.fetchCall();
  }

  rings() {
    this.clear('call');
    this.alert(`Ringing: ${this.caller}.`);
    if (this.settings.auto || this.watch.isExpected || this.line.call?.replaces || this.callPhase === 'talking' || this.callPhase === 'held') {
      if (this.settings.sounds) note(880, 0, 0.25);
      void this.answer();
      return;
    }
    if (this.settings.sounds) this.ringer.start();
    this.draw();
    const answer = document.querySelector('[data-id="answer"]');
    if (answer instanceof HTMLElement && !isTyping()) answer.focus();
  }

  async answer() {
    this.ringer.stop();
    audio();
    await this.line.answer();
    this.draw();
  }

  decline() {
    this.ringer.stop();
    if (this.call) this.socket.send({ type: 'decline', call: this.call });
    if (this.line.call?.state === 'ringing') this.line.call.refuse(486);
  }

  notReached() {
    if (this.call) this.socket.send({ type: 'not_reached', call: this.call });
  }

  end() {
    this.line.call?.end();
    this.draw();
  }

  /** @param {boolean} held */
  async hold(held) {
    const ok = await this.line.call?.hold(held);
    if (!ok) this.notice('call', 'warn', held ? 'The call was not put on hold' : 'The call was not resumed', 'Try again in a moment.');
  }

  /** While a card's number is said. @param {boolean} paused */
  pauseRecording(paused) {
    const sent = this.socket.send({ type: 'recording', call: this.call, paused });
    if (!sent) this.notice('call', 'bad', 'The recording was not paused', 'Your desk is not connected. Wait with the card number.');
    else this.alert(paused ? 'Recording paused.' : 'Recording goes on.');
  }

  /** @param {ServerMessage} message */
  consulted({ call, to, state, why }) {
    if (call !== this.call) return;
    this.consulting = state === 'over' ? { to: '', state: '' } : { to, state };
    if (why) this.notice('call', 'warn', state === 'over' ? `${to || 'They'} cannot be asked` : 'As before', `${sentence(String(why))}. The caller is still with you.`);
  }

  /** @param {string} act @param {string} [to] */
  consult(act, to) {
    this.panel.drawer = '';
    this.clear('call');
    const sent = this.socket.send({ type: 'consult', call: this.call, act, ...(to ? { to: to.trim() } : {}) });
    if (!sent) this.notice('call', 'warn', 'Not connected', 'Try again when the connection is there.');
    this.draw();
  }

  /** @param {string} to */
  async transfer(to) {
    const call = this.line.call;
    if (!call || !to.trim()) return;
    const tell = (/** @type {string} */ text) => { this.panel.passing = text; this.draw(); };
    const onStep = (/** @type {Event} */ event) => {
      const status = /** @type {CustomEvent<number>} */ (event).detail;
      if (status < 200) return tell(status === 180 ? `Ringing at ${to}…` : `Passing the call on to ${to}…`);
      call.removeEventListener('transfer', onStep);
      if (status >= 300) return tell(`${to} did not take the call (${status}). The caller is still with you.`);
      tell(`${to} has the call.`);
      setTimeout(() => call.end(), 2_000);
    };
    call.addEventListener('transfer', onStep);
    this.panel.drawer = '';
    tell(`Passing the call on to ${to}…`);
    const response = await call.transfer(this.line.uriOf(to));
    if (response.status < 300) return;
    call.removeEventListener('transfer', onStep);
    tell(response.status === 403 ? `Calls may not be passed on to ${to}. The caller is still with you.` : `The call was not passed on (${response.status} ${response.reason}).`);
  }

  /** The sound of the caller; browsers may want a click first. */
  async hear() {
    const stream = this.line.call?.sound ?? null;
    const heard = await play(byId('sound', HTMLAudioElement), stream);
    if (stream) audio();
    if (this.wantsClick !== !heard) {
      this.wantsClick = !heard;
      this.draw();
    }
  }

  /** A call of before the reload: the sound is fetched once the telephone is there. */
  fetchCall() {
    const goesOn = this.callPhase === 'talking' || this.callPhase === 'held';
    if (!goesOn || this.line.call || this.triedBack || this.line.state !== 'registered' || this.line.whereIs() !== 'ours') return;
    this.triedBack = true;
    setTimeout(() => void this.comeBack(), COME_BACK_AFTER_MS);
  }

  async comeBack() {
    await this.line.comeBack();
    this.draw();
  }

  /** @param {MicrophoneFault | null} fault */
  microphoneFault(fault) {
    if (!fault) return this.clear('microphone');
    const { title, remedy } = MICROPHONE_FAULTS[fault];
    this.notice('microphone', 'bad', title, remedy, ['Try again', () => void this.line.readyMicrophone().then((ok) => {
      if (ok && !this.line.call) this.line.closeMicrophone();
    })]);
  }

  /** The call has ended without sound, or because it was lost. @param {string} code */
  silent(code) {
    this.notice('call', 'bad', 'The call ended: there was no sound', code === 'no-codec'
      ? 'This browser and the telephones have no sound format in common. Use a current Firefox, Chrome, Edge or Safari.'
      : 'No path was found between this computer and the server. A firewall may be in the way: tell your administrator.');
  }

  // The agent

  /** @param {'available' | 'break' | 'offline'} state @param {string} [reason] */
  async ask(state, reason) {
    audio();
    if (state === 'available' && this.line.isHere && !this.line.call) {
      // Better now than when a customer waits.
      if (!(await this.line.readyMicrophone())) return;
      if (!this.line.call) this.line.closeMicrophone();
    }
    const message = { type: 'set_state', state, ...(reason ? { reason } : {}) };
    const sent = this.socket.send(message);
    // A wrap-up of before this login is over when somebody who is there says available; the first only says that one is there.
    if (state === 'available' && this.state.state === 'wrap_up' && !this.wrapUp) this.socket.send(message);
    if (!sent) return this.notice('error', 'warn', 'Not connected', 'Your state was not changed. Try again when the connection is there.');
    this.next = state === 'available' ? null : { state, reason };
    this.draw();
  }

  /** @param {boolean} auto */
  setAuto(auto) {
    this.settings = { ...kept.settings(), auto };
    kept.keepSettings(this.settings);
  }

  toggleSounds() {
    this.settings = { ...kept.settings(), sounds: !this.settings.sounds };
    kept.keepSettings(this.settings);
    if (!this.settings.sounds) this.ringer.stop();
    this.draw();
  }

  async logOut() {
    this.socket.send({ type: 'set_state', state: 'offline' });
    kept.keepLogin(null);
    kept.forgetAll();
    if (this.line.isInterrupted) this.notice('call', 'warn', 'You are being signed out', 'Your call ends as soon as the telephone is back. Leave this window open until then.');
    await this.line.stop();
    this.socket.close();
    location.reload();
  }

  // The connection

  connectionChanged() {
    if (this.socket.state === 'lost') this.presence.lost();
    const words = lostWords(this);
    const isNew = words?.join() !== this.lost;
    this.lost = words?.join();
    if (words && isNew) this.notice('connection', 'warn', ...words);
    else if (!words && this.socket.state === 'open') this.clear('connection');
    this.draw();
  }

  /** @param {string} why */
  over(why) {
    if (why === 'displaced') {
      this.isDisplaced = true;
      void this.line.retire();
      this.notice('connection', 'warn', 'Your desk is open in another window', this.line.call
        ? 'New calls come there. This call stays here until you end it or move it.'
        : 'Calls come there from now on.', ['Use it here', () => location.reload()]);
      this.draw();
      return;
    }
    kept.keepLogin(null);
    void this.line.stop();
    showLogin(why === 'too-many'
      ? 'Too many wrong tokens. Wait a minute, then try again.'
      : 'The agent or the token is wrong. Ask your administrator for a token.', this.login.agent);
  }

  // Drawing

  draw() {
    if (this.phase === 'wrap-up') { if (this.panel.shown !== '') this.wrapUpDue(this.call); } else this.panel.draw();
    drawStates(byId('states', HTMLElement), this);
    const connection = byId('connection', HTMLElement);
    const [kind, text] = connectionWords(this);
    connection.className = `chip ${kind}`;
    say(connection, text);
    const sounds = byId('sounds', HTMLButtonElement);
    sounds.setAttribute('aria-pressed', String(this.settings.sounds));
    sounds.setAttribute('aria-label', 'Ring sounds');
    fill(sounds, icon(this.settings.sounds ? 'sound' : 'soundOff'));
    this.notes.show((this.phase === 'talking' || this.phase === 'elsewhere') && this.pop ? this.call : '');
    if (this.phase !== 'offered' && this.phase !== 'ringing') tellNoMore();
    document.title = this.title;
    this.tick();
  }

  get title() {
    if (this.phase === 'ringing') return `Ringing: ${this.caller}`;
    return this.phase === 'offered' ? `Call: ${this.caller}` : 'Desk · Throughline';
  }

  /** How long the agent is what they are. */
  tick() {
    const isShown = this.isOpen && this.presence.since > 0;
    say(byId('since', HTMLElement), isShown ? clock(Date.now() - this.presence.since) : '');
  }

  /**
   * Tells the agent something that stays until it is over.
   * @param {string} id @param {'warn' | 'bad' | 'good'} kind @param {string} title @param {string} text @param {[string, () => void]} [act]
   */
  notice(id, kind, title, text, act) {
    const old = this.notices.querySelector(`[data-notice="${id}"]`);
    const button = act && h('button', { class: 'button', type: 'button', onclick: act[1] }, act[0]);
    const close = ['error', 'call', 'keys', 'back', 'saved'].includes(id)
      ? h('button', { class: 'button plain', type: 'button', onclick: () => this.clear(id) }, 'Close') : null;
    const made = h('div', { class: `notice ${kind}`, 'data-notice': id }, h('div', {}, h('strong', {}, title), text), button, close);
    if (old) old.replaceWith(made);
    else this.notices.append(made);
  }

  /** @param {string} id @param {string} [only] takes it away only if it says this */
  clear(id, only) {
    const found = this.notices.querySelector(`[data-notice="${id}"]`);
    if (found && (!only || found.textContent?.startsWith(only))) found.remove();
  }

  /** Said at once by a screen reader. @param {string} text */
  alert(text) {
    say(byId('urgent', HTMLElement), text);
  }
}

/** The desk's own connection, the telephone's, or both are away: they come back one by one. @param {Desk} desk @returns {[title: string, text: string] | null} */
function lostWords({ socket, line }) {
  const isLost = socket.state === 'lost';
  if (!isLost && !(socket.state === 'open' && line.isInterrupted)) return null;
  const title = isLost ? 'The connection is lost' : `Your telephone is interrupted${line.why ? ` (${line.why})` : ''}`;
  if (!line.call) return [title, line.isOwing ? 'Your call ends as soon as it is back. It is tried again by itself.' : 'It is tried again by itself. No new call reaches you until then.'];
  const late = line.isInterrupted ? 'Holding, passing on and ending the call are done as soon as the telephone is back.' : 'What you see may be old; it is tried again by itself.';
  return [title, `Your call goes on. ${late}`];
}

/** @param {Desk} desk @returns {[string, string]} */
function connectionWords(desk) {
  if (desk.socket.state === 'closed') return ['warn', 'Not connected'];
  if (desk.socket.state !== 'open') return ['warn', desk.socket.state === 'lost' ? 'Reconnecting' : 'Connecting'];
  if (!desk.line.isHere || desk.line.state === 'registered') return ['good', desk.login.agent];
  if (desk.line.isInterrupted) return ['warn', 'Telephone interrupted'];
  return ['warn', desk.line.state === 'refused' ? 'Telephone refused' : 'Telephone connecting'];
}

/** @param {string} [fault] @param {string} [agent] */
function showLogin(fault = '', agent = '') {
  byId('login', HTMLElement).hidden = false;
  byId('desk', HTMLElement).hidden = true;
  byId('bar', HTMLElement).hidden = true;
  const place = byId('login-fault', HTMLElement);
  place.hidden = !fault;
  place.textContent = fault;
  if (agent) byId('agent', HTMLInputElement).value = agent;
  byId(agent ? 'token' : 'agent', HTMLInputElement).focus();
}

/** @type {Desk | null} */
let desk = null;

/** @param {{ agent: string, token: string }} login */
function begin(login) {
  desk = new Desk(login);
  desk.open();
}

function main() {
  byId('login-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    begin({ agent: byId('agent', HTMLInputElement).value.trim(), token: byId('token', HTMLInputElement).value.trim() });
  });
  byId('sounds', HTMLButtonElement).addEventListener('click', () => desk?.toggleSounds());
  const logOut = byId('log-out', HTMLButtonElement);
  fill(logOut, icon('out'), 'Sign out');
  logOut.addEventListener('click', () => void desk?.logOut());
  // A call in progress is worth a question; it can be come back to, but the caller hears a gap.
  addEventListener('beforeunload', (event) => { if (desk?.line.call || desk?.line.isOwing) event.preventDefault(); });
  const login = fromLink() ?? kept.login();
  if (login) begin(login);
  else showLogin();
}

/** The demo's link has the login behind `#`, which no server sees; it is taken out of the address at once. */
function fromLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  const agent = given.get('agent'), token = given.get('token');
  if (!agent || !token) return null;
  history.replaceState(null, '', location.pathname);
  return { agent, token };
}

main();
