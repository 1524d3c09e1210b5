/** What a supervisor sees: the conversations of their queues, and what can be done with each. */

import { clock, fill, h, icon } from '../lib/dom.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** A conversation. @typedef {{ call: string, agent: string, queue: string, talked_ms: number, by?: string }} Watched */

/** How often the list is asked for. */
const EVERY_MS = 2_000;

/** @type {Record<string, string>} */
const STATES = {
  ringing: 'Your phone rings', listening: 'You listen: nobody hears you', whispering: 'Only the agent hears you', barging: 'Both hear you',
};

/** @type {[string, string, string][]} The act, its button, and the state that it leads to. */
const ACTS = [['listen', 'Listen', 'listening'], ['whisper', 'Whisper', 'whispering'], ['barge', 'Join', 'barging'], ['take_over', 'Take over', '']];

export class Watch {
  /** @param {HTMLElement} place @param {Desk} desk */
  constructor(place, desk) {
    this.place = place;
    this.desk = desk;
    /** The queues; nobody is supervised without. @type {string[]} */
    this.queues = [];
    /** @type {Watched[]} */
    this.calls = [];
    /** The call that this supervisor is with, or is about to be. */
    this.call = '';
    this.state = '';
    /** A button was pressed, and the server has not answered: its ring may be here first. */
    this.isAsked = false;
    this.shown = '';
    setInterval(() => this.ask(), EVERY_MS);
  }

  /** @param {string[]} queues */
  supervises(queues) {
    this.queues = queues;
    this.place.hidden = !queues.length;
    this.ask();
    this.draw();
  }

  ask() {
    if (this.queues.length && this.desk.isOpen) this.desk.socket.send({ type: 'watch_calls' });
  }

  /** @param {Watched[]} calls */
  listed(calls) {
    this.calls = calls;
    this.draw();
  }

  /** @param {{ call: string, state: string, why?: string }} message */
  changed({ call, state, why }) {
    const over = state === 'over';
    this.isAsked = false;
    if (over && call !== this.call && this.call) return;
    [this.call, this.state] = over ? ['', ''] : [call, state];
    // Taken over: its pop has come before.
    const isOurs = over && this.desk.pop?.call === call;
    if (why && !isOurs) this.desk.notice('watch', 'warn', over ? 'You are not with the call' : 'As before', `${why[0]?.toUpperCase()}${why.slice(1)}.`);
    else this.desk.clear('watch');
    if (!over) this.desk.alert(STATES[state] ?? state);
    this.draw();
  }

  /** The supervisor's own phone rings because they have asked. */
  get isExpected() {
    return this.state === 'ringing' || this.isAsked;
  }

  get isWith() {
    return this.call !== '';
  }

  /** Whose call it is, in words. */
  get title() {
    const call = this.calls.find((one) => one.call === this.call);
    return call ? `${call.agent}’s call` : 'A supervised call';
  }

  draw() {
    const state = JSON.stringify([this.queues, this.calls.map((one) => [one.call, one.by]), this.call, this.state]);
    if (state !== this.shown) {
      this.shown = state;
      const focused = this.place.contains(document.activeElement) ? document.activeElement?.getAttribute('data-id') : null;
      fill(this.place, this.content());
      const again = focused ? this.place.querySelector(`[data-id="${focused}"]`) : null;
      if (again instanceof HTMLElement) again.focus();
    }
    for (const one of this.calls) {
      const time = this.place.querySelector(`[data-time="${one.call}"]`);
      if (time) time.textContent = clock(one.talked_ms);
    }
  }

  content() {
    return [
      h('div', { class: 'pop-head' }, h('h2', {}, 'Calls you supervise'), h('span', { class: 'quiet' }, this.queues.join(', '))),
      this.calls.length
        ? h('ul', { class: 'watched' }, this.calls.map((one) => this.row(one)))
        : h('p', { class: 'quiet' }, 'Nobody talks in your queues now.'),
    ];
  }

  /** @param {Watched} one */
  row(one) {
    const mine = one.call === this.call;
    const taken = one.by && !mine && one.by !== this.desk.login.agent;
    return h('li', { class: mine ? 'watched-call mine' : 'watched-call' },
      h('div', { class: 'watched-who' }, h('strong', {}, one.agent), h('span', { class: 'quiet' }, one.queue), h('span', { class: 'numbers', 'data-time': one.call }, ''),
        mine && h('span', { class: 'chip accent', 'data-id': 'watch-state' }, STATES[this.state] ?? this.state),
        taken && h('span', { class: 'chip' }, `${one.by} is with it`)),
      h('div', { class: 'watched-acts', role: 'group', 'aria-label': `Supervise ${one.agent}` },
        ACTS.map(([act, text, state]) => h('button', {
          class: 'button', type: 'button', 'data-id': `${act}-${one.call}`, 'aria-pressed': state ? String(mine && this.state === state) : undefined,
          disabled: Boolean(taken) || (this.isWith && !mine), onclick: () => this.send(one.call, act),
        }, text)),
        mine && h('button', { class: 'button danger', type: 'button', 'data-id': `leave-${one.call}`, onclick: () => this.send(one.call, 'leave') }, icon('end'), 'Leave')));
  }

  /** @param {string} call @param {string} act */
  send(call, act) {
    const sent = this.desk.socket.send({ type: 'supervise', call, act });
    this.isAsked = sent && act !== 'leave' && !this.isWith;
    if (!sent) this.desk.notice('watch', 'warn', 'Not connected', 'Try again when the connection is there.');
  }
}
