/** What the widget draws of a callback: which number, the place, the cancelling. Each function makes elements; none keeps a state. */

import { about, h, icon } from '../lib/dom.js';
import { back } from './view.js';

/** @typedef {import('./contact.js').Contact} Contact */
/** @typedef {import('./contact.js').LiveState} LiveState */

/** The states of a callback before anybody talks. */
export const CALLBACK_STATES = new Set(['callback_waiting', 'calling_you']);

/** Which number? @param {Contact} contact */
export function numberForm(contact) {
  const number = h('input', { class: 'input', type: 'tel', name: 'number', autocomplete: 'tel', required: true, value: contact.phone });
  return h('form', { class: 'box-form', onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void contact.callMe(number.value);
  } },
    h('h2', { tabIndex: -1 }, 'We call you'),
    h('p', { class: 'quiet' }, 'You keep your place and can do something else meanwhile. We never call at night.'),
    h('label', {}, 'Your telephone number', number),
    h('div', { class: 'row' },
      h('button', { class: 'button primary', type: 'submit', 'data-id': 'call-me', disabled: contact.isSending }, contact.isSending ? 'One moment…' : 'Call me'), back(contact)));
}

/** @param {Contact} contact */
export function promised(contact) {
  const { live } = contact;
  const calling = live.state === 'calling_you';
  return [
    h('h2', { tabIndex: -1 }, calling ? 'Your telephone rings' : 'We call you'),
    h('div', { class: 'notice good', role: 'status' }, icon('phone'), h('p', {}, words(live))),
    !calling && h('div', { class: 'row' }, h('button', { class: 'button', type: 'button', 'data-id': 'take-back', onclick: () => void contact.takeBack() }, 'Do not call me')),
  ];
}

/** How the callback stands, in words. @param {LiveState} live @returns {string} */
export function words(live) {
  if (live.state === 'calling_you') return 'We are calling you now.';
  if (live.state === 'callback_missed') return 'We called and did not reach you.';
  const place = live.position ? `You are number ${live.position}` : 'Your place is kept';
  return withWait(place, live);
}

/** @param {string} place @param {LiveState} live */
export function withWait(place, { expected_wait_s: wait }) {
  return wait ? `${place}, ${about(wait)} to wait.` : `${place}.`;
}

/** @param {Contact} contact */
export function missed(contact) {
  return [
    h('h2', { tabIndex: -1 }, 'We missed you'),
    h('p', { class: 'quiet' }, `${words(contact.live)} Choose another way, or ask for another call.`),
    h('div', { class: 'row' }, h('button', { class: 'button primary', type: 'button', 'data-id': 'again', onclick: () => contact.afterMissed() }, 'Choose another way')),
  ];
}
