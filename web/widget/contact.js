/** The element `<throughline-contact>`; README.md beside this file says how a page uses it. */

import { Live } from '../lib/live.js';
import { Meter, canCall, play } from '../lib/media.js';
import { report } from '../lib/trouble.js';
import { clock, fill, h, say } from '../lib/dom.js';
import { BrowserCall } from './browser-call.js';
import { CALLBACK_STATES, missed, numberForm, promised } from './callback.js';
import { STYLE } from './style.js';
import { back, channels, controls, form, progress, question, spoken, telephone } from './view.js';

/** @typedef {{ kind: string, expected_wait_s?: number | null, why?: string, rule?: string }} Channel */
/** The answer of `POST /v1/intents`, as far as it is looked into. @typedef {{ id: string, token: string, number?: string, tel?: string, pin?: string, expires_at: string, channels?: Channel[], customer?: { phones?: string[] } }} Intent */
/** @typedef {{ state: string, position?: number, expected_wait_s?: number, agent?: string, level?: string, talked?: boolean, case?: string }} LiveState */
/** @typedef {import('./browser-call.js').Trouble} Trouble */

/** The origin of Throughline, as the loader knows it. */
let home = location.origin;

/** States in which a call of this customer is in progress. */
const IN_CALL = new Set(['calling', 'recognised', 'confirm', 'waiting', 'agent_reading', 'ringing', 'connected', 'held']);

/** @type {Channel[]} */
const ALL_CHANNELS = [{ kind: 'call_browser' }, { kind: 'call_phone' }];

export class Contact extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style];
    this.box = h('section', { class: 'box', 'aria-label': 'Contact us' });
    this.told = h('div', { class: 'hidden', role: 'status', 'aria-live': 'polite' });
    this.sound = h('audio', { autoplay: true });
    root.append(this.box, this.told, this.sound);
    /** @type {Intent | null} */
    this.intent = null;
    /** @type {LiveState} */
    this.live = { state: 'registered' };
    /** @type {Live | null} */
    this.stream = null;
    /** @type {BrowserCall | null} */
    this.line = null;
    /** @type {Meter | null} */
    this.meter = null;
    /** @type {Trouble | null} */
    this.trouble = null;
    this.chosen = '';
    this.keypad = false;
    this.needsClick = false;
    this.denied = false;
    this.isBusy = false;
    this.isSending = false;
    this.sentAs = '';
    this.draft = '';
    this.hasTalked = false;
    /** The person has hung up; what the server says of that call until it knows is old. */
    this.hasHungUp = false;
    /** When an agent was there first, as Date.now() has it. */
    this.connectedAt = 0;
    this.ticker = 0;
    /** @type {Record<string, unknown> | null} */
    this.details = null;
    /** The place that was told last. */
    this.toldPlace = '';
    /** A call in this page is worth a question. @param {BeforeUnloadEvent} event */
    this.leaving = (event) => { if (this.line?.isOn) event.preventDefault(); };
  }

  connectedCallback() {
    clearInterval(this.ticker);
    this.ticker = setInterval(() => this.tick(), 120);
    addEventListener('beforeunload', this.leaving);
  }

  disconnectedCallback() {
    // A page that puts the element elsewhere takes it out and in again; its call goes on.
    queueMicrotask(() => {
      if (this.isConnected) return;
      clearInterval(this.ticker);
      removeEventListener('beforeunload', this.leaving);
      this.reset();
    });
  }

  /** Whether a call of this customer goes on, here or on their telephone: `reset` and `start` would end the one, and hide the other. */
  get inCall() {
    return Boolean(this.line?.isOn) || (IN_CALL.has(this.live.state) && !this.hasHungUp);
  }

  get server() {
    return (this.getAttribute('server') ?? home).replace(/\/$/, '');
  }

  get canCall() {
    return canCall();
  }

  /** The number that the page knows the customer by. */
  get phone() {
    return this.intent?.customer?.phones?.[0] ?? '';
  }

  /** @returns {Channel[]} */
  get channels() {
    return this.intent?.channels ?? ALL_CHANNELS;
  }

  // What a page calls

  /** Registers a contact with the page's own endpoint. @param {Record<string, unknown>} details */
  async start(details) {
    this.reset();
    this.details = details;
    this.isBusy = true;
    this.setAttribute('data-open', '');
    this.draw();
    try {
      const response = await fetch(this.getAttribute('intent-endpoint') ?? '/help/intent', {
        method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key() }, body: JSON.stringify(details),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.show(await response.json());
    } catch {
      this.isBusy = false;
      this.fail({ code: 'intent', title: 'We could not prepare your contact', remedy: 'Check your connection and try again.' });
    }
  }

  /** @param {Intent} intent the answer of `POST /v1/intents` */
  show(intent) {
    this.setAttribute('data-open', '');
    this.isBusy = false;
    this.intent = intent;
    this.tell('intent', { id: intent.id, number: intent.number, expires_at: intent.expires_at });
    if (!this.canCall && this.channels.some(({ kind }) => kind === 'call_browser')) report(this.server, intent.token, 'no-webrtc');
    this.watch();
    this.draw();
    this.focusHeading();
  }

  reset() {
    this.stream?.close();
    this.line?.hangUp();
    this.meter?.close();
    Object.assign(this, {
      stream: null, line: null, meter: null, intent: null, trouble: null, chosen: '', keypad: false, needsClick: false, denied: false,
      isBusy: false, isSending: false, sentAs: '', hasTalked: false, hasHungUp: false, connectedAt: 0, live: { state: 'registered' },
    });
    this.removeAttribute('data-open');
  }

  /** Only from a click: browsers give no microphone otherwise. */
  async call() {
    if (!this.intent || this.line?.isOn) return;
    const line = this.line = new BrowserCall(this.server, this.intent.token);
    this.chosen = 'call_browser';
    this.trouble = null;
    this.hasTalked = this.hasHungUp = false;
    this.connectedAt = 0;
    if (this.live.state === 'ended') this.live = { state: 'registered' };
    line.addEventListener('trouble', (event) => this.fail(/** @type {CustomEvent<Trouble>} */ (event).detail));
    line.addEventListener('change', () => this.lineChanged(line));
    await line.start();
  }

  hangUp() {
    this.hasHungUp = Boolean(this.line?.isOn);
    this.line?.hangUp();
  }

  // What happens

  watch() {
    if (!this.intent) return;
    const stream = this.stream = new Live(`${this.server}/v1/intents/${this.intent.id}/live`, this.intent.token);
    stream.addEventListener('event', (event) => {
      const { name, data } = /** @type {CustomEvent<{ name: string, data: LiveState }>} */ (event).detail;
      if (name === 'state') this.heard(data);
    });
    stream.addEventListener('refused', () => this.expired());
    stream.open();
  }

  /** @param {LiveState} live */
  heard(live) {
    const before = this.stage;
    this.live = live;
    this.tell('state', live);
    if (live.state === 'connected') this.connectedAt ||= Date.now();
    if (live.state === 'connected' || live.talked) this.hasTalked = true;
    if (live.state !== 'confirm') this.denied = false;
    if (!IN_CALL.has(live.state)) this.hasHungUp = false;
    if (live.state === 'ended' && this.line?.isLost && this.line.call?.state === 'talking') this.line.endedMeanwhile();
    if (live.state === 'expired') return this.expired();
    // Of a place, a screen reader tells when it is another; the wait changes too often for that.
    const place = `${live.state} ${live.position ?? ''}`;
    if (this.stage !== before || (live.state === 'waiting' && place !== this.toldPlace)) say(this.told, spoken(this.stage, live));
    this.toldPlace = place;
    this.draw();
  }

  expired() {
    if (this.line?.isOn) return;
    this.stream?.close();
    this.fail({ code: 'expired', title: 'This contact has expired', remedy: 'Begin again; it takes a moment.' });
  }

  /** @param {BrowserCall} line */
  lineChanged(line) {
    if (line !== this.line) return;
    const { call } = line;
    if (call) this.tell('call', { state: call.state });
    if (call?.state === 'talking' && this.stage === 'connected') {
      this.hasTalked = true;
      this.connectedAt ||= Date.now();
    }
    if (call?.isOver) this.keypad = false;
    void this.hear();
    this.draw();
  }

  async hear() {
    const stream = this.line?.isOn ? this.line.call?.sound ?? null : null;
    const heard = await play(this.sound, stream);
    if (stream && this.meter?.source.mediaStream !== stream) {
      this.meter?.close();
      this.meter = new Meter(stream);
    }
    if (this.needsClick !== !heard) {
      this.needsClick = !heard;
      this.draw();
    }
  }

  /** How the call stands: what the server says, or what this browser knows by itself. */
  get stage() {
    const { state } = this.live;
    if (state === 'connected' && this.line?.call?.heldByThem) return 'held';
    if (IN_CALL.has(state) || !this.line?.isOn) return state;
    return this.line.call?.state === 'talking' ? 'connected' : 'calling';
  }

  // What the person does

  /** @param {string} kind */
  choose(kind) {
    this.trouble = null;
    this.chosen = kind;
    if (kind) this.tell('channel', { kind });
    if (kind === 'call_browser') void this.call();
    this.draw();
    this.focusHeading();
  }

  toggleKeypad() {
    this.keypad = !this.keypad;
    this.draw();
  }

  async confirm() {
    const response = await this.ask('confirm', {});
    if (response) say(this.told, 'Confirmed.');
    this.denied = true;
    this.draw();
  }

  deny() {
    this.denied = true;
    this.draw();
  }

  /** We are to call this number, when it is the customer's turn. @param {string} number */
  async callMe(number) {
    this.isSending = true;
    this.trouble = null;
    this.draw();
    const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
    const answer = await this.ask('callback', zone ? { number, zone } : { number });
    this.isSending = false;
    if (answer && this.intent) {
      this.intent.token = String(answer.token ?? this.intent.token);
      if (this.stream) this.stream.token = this.intent.token;
      this.chosen = '';
      // What the page has heard of the callback already is newer than this answer.
      if (!['callback_waiting', 'calling_you'].includes(this.live.state)) {
        this.heard({ state: 'callback_waiting', position: number_(answer.position), expected_wait_s: number_(answer.expected_wait_s) });
      }
    }
    this.draw();
  }

  async takeBack() {
    if (await this.ask('callback', undefined, 'DELETE')) this.heard({ state: 'registered' });
  }

  afterMissed() {
    this.live = { state: 'registered' };
    this.choose('');
  }

  /** @param {string} text */
  async write(text) {
    this.isSending = true;
    this.draw();
    const answer = await this.ask('message', { text });
    this.isSending = false;
    if (answer) {
      this.sentAs = String(answer.case ?? answer.id ?? 'sent');
      this.draft = '';
      this.tell('message', { case: this.sentAs });
    }
    this.draw();
  }

  /** @param {string} what @param {Record<string, unknown>} [body] @param {string} [method] @returns {Promise<Record<string, unknown> | null>} */
  async ask(what, body, method = 'POST') {
    if (!this.intent) return null;
    try {
      const response = await fetch(`${this.server}/v1/intents/${this.intent.id}/${what}`, {
        method, headers: { Authorization: `Bearer ${this.intent.token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body),
      });
      if (response.ok) return await response.json().catch(() => ({}));
      if (response.status === 401 || response.status === 410) this.expired();
      else this.fail({ code: 'refused', title: 'That was not taken', remedy: 'Try again in a moment.' });
    } catch {
      this.fail({ code: 'offline', title: 'We cannot be reached from here right now', remedy: 'Check your connection and try again.' });
    }
    return null;
  }

  /** @param {Trouble} trouble */
  fail(trouble) {
    this.trouble = trouble;
    if (this.intent) report(this.server, this.intent.token, trouble.code);
    this.tell('error', trouble);
    this.draw();
  }

  // Drawing

  draw() {
    const focused = this.shadowRoot?.activeElement;
    const typing = focused instanceof HTMLTextAreaElement;
    if (typing && this.chosen === 'form' && !this.isSending && !this.trouble) return;
    fill(this.box, this.troubleNotice(), this.content());
    // Whoever works with the keyboard is left where they were, or at what has come in its place.
    const again = focused && this.box.querySelector(`[data-id="${focused.getAttribute('data-id')}"]:not([disabled])`);
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
    else if (focused) this.focusHeading();
  }

  content() {
    if (this.isBusy) return [h('h2', { tabIndex: -1 }, 'One moment…'), h('div', { class: 'skeleton' }), h('div', { class: 'skeleton' })];
    if (!this.intent || this.trouble?.code === 'expired') return null;
    if (this.sentAs) return this.sent();
    if (this.inCall) return this.callContent();
    if (this.hasTalked && !['no-sound', 'no-codec'].includes(this.trouble?.code ?? '')) return this.thanks();
    if (this.chosen === 'call_phone') return [...telephone(this), back(this)];
    if (CALLBACK_STATES.has(this.live.state)) return promised(this);
    if (this.live.state === 'callback_missed') return missed(this);
    if (this.chosen === 'callback') return numberForm(this);
    if (this.chosen === 'form') return form(this);
    return channels(this);
  }

  callContent() {
    return [
      h('h2', { tabIndex: -1 }, HEADINGS[this.stage] ?? 'Your call'),
      this.live.state === 'confirm' && !this.denied && question(this),
      progress(this),
      ...(this.line?.isOn ? controls(this) : []),
    ];
  }

  thanks() {
    return [
      h('h2', { tabIndex: -1 }, 'Thank you for calling'),
      h('p', { class: 'quiet' }, this.live.case ? 'What was agreed is written down; you find it among your cases.' : 'What was agreed appears among your cases as soon as it is written down.'),
      h('div', { class: 'row' }, h('button', { class: 'button', type: 'button', onclick: () => { this.hasTalked = false; this.choose(''); } }, 'Something else')),
    ];
  }

  sent() {
    return h('div', { class: 'notice good' }, h('strong', {}, 'Your message is with us'), h('p', {}, 'You can follow it among your cases.'));
  }

  troubleNotice() {
    if (!this.trouble) return null;
    const { title, remedy, code } = this.trouble;
    const again = code === 'intent' || code === 'expired' ? this.details && (() => void this.start(this.details ?? {}))
      : code.startsWith('microphone') || code === 'offline' || code === 'busy' || code === 'ended' || code === 'no-sound' ? () => void this.call() : null;
    return h('div', { class: 'notice bad', role: 'alert' }, h('strong', {}, title), h('p', {}, remedy),
      again && h('div', { class: 'row' }, h('button', { class: 'button', type: 'button', 'data-id': 'again', onclick: again }, code === 'expired' ? 'Begin again' : 'Try again')));
  }

  /** What moves while nothing is drawn anew. */
  tick() {
    const call = this.line?.call;
    const time = this.box.querySelector('.time');
    if (time && this.connectedAt) say(time, clock(Date.now() - this.connectedAt));
    const level = call?.state === 'talking' ? this.meter?.level() ?? 0 : 0;
    const bars = this.box.querySelectorAll('.wave i');
    bars.forEach((bar, at) => {
      const shape = Math.sin(((at + 1) / (bars.length + 1)) * Math.PI);
      /** @type {HTMLElement} */ (bar).style.transform = `scaleY(${Math.max(0.14, level * shape * (0.7 + 0.3 * Math.random()))})`;
    });
  }

  focusHeading() {
    const heading = this.box.querySelector('h2');
    if (heading instanceof HTMLElement) heading.focus({ preventScroll: true });
  }

  /** @param {string} name @param {unknown} detail */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`throughline-${name}`, { detail, bubbles: true, composed: true }));
  }
}

/** @type {Record<string, string>} */
const HEADINGS = {
  calling: 'Calling…', recognised: 'We know it is you', confirm: 'One question', waiting: 'You are in the queue', agent_reading: 'Nearly there',
  ringing: 'Nearly there', connected: 'You are connected', held: 'On hold',
};

/** @param {unknown} value */
function number_(value) {
  return typeof value === 'number' ? value : undefined;
}

/** @returns {string} */
function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} server the origin that the script came from */
export function define(server) {
  home = server;
  if (!customElements.get('throughline-contact')) customElements.define('throughline-contact', Contact);
}
