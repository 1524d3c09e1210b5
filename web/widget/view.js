/** What the widget draws: channels, progress, question, form. Each function makes elements; none keeps a state. */

import { about, clock, h, icon } from '../lib/dom.js';
import { CALLBACK_STATES, withWait, words } from './callback.js';

/** @typedef {import('./contact.js').Contact} Contact */
/** @typedef {import('./contact.js').Channel} Channel */
/** @typedef {import('./contact.js').LiveState} LiveState */
/** @typedef {import('../lib/dom.js').IconName} IconName */

/** @type {Record<string, { symbol: IconName, title: string, text: string }>} */
const CHANNELS = {
  call_browser: { symbol: 'globe', title: 'Call from this browser', text: 'Free, with your microphone. We know who you are and what it is about.' },
  call_phone: { symbol: 'phone', title: 'Call from your phone', text: 'Dial a number that is yours for a while: no menu, no questions twice.' },
  callback: { symbol: 'phone', title: 'We call you', text: 'You keep your place in the queue, and we call when it is your turn.' },
  form: { symbol: 'chat', title: 'Write to us', text: 'We answer by e-mail, and you follow it here.' },
};

/** @param {Contact} contact */
export function channels(contact) {
  const offered = contact.channels.filter(({ kind }) => kind in CHANNELS);
  return [
    h('h2', { tabIndex: -1 }, 'How would you like to reach us?'),
    offered.length === 0 && h('p', { class: 'quiet' }, 'Nobody can be reached from here right now. Please try again later.'),
    h('ul', { class: 'channels' }, offered.map((one, at) => h('li', {}, channel(contact, one, at === 0 && offered.length > 1)))),
  ];
}

/** @param {Contact} contact @param {Channel} channel @param {boolean} first */
function channel(contact, { kind, expected_wait_s: wait, why }, first) {
  const { symbol, title, text } = /** @type {{ symbol: IconName, title: string, text: string }} */ (CHANNELS[kind]);
  const blocked = kind === 'call_browser' && !contact.canCall;
  return h('button', { class: `channel${first ? ' first' : ''}`, type: 'button', disabled: blocked, 'data-kind': kind, 'data-id': kind, onclick: () => contact.choose(kind) },
    h('span', { class: 'disc' }, icon(symbol)),
    h('span', {}, h('b', {}, title, first && h('span', { class: 'tag' }, 'Best for this')), h('span', { class: 'quiet small' }, blocked ? 'This browser cannot make calls.' : first && why ? sentence(why) : text)),
    typeof wait === 'number' && h('span', { class: 'wait' }, wait > 0 ? `${about(wait)} to wait` : 'no wait'));
}

/** @param {string} text */
function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/** The number to dial. @param {Contact} contact */
export function telephone(contact) {
  const { number, tel, pin, expires_at: until } = contact.intent ?? {};
  return [
    h('h2', { tabIndex: -1 }, 'Call us on this number'),
    number
      ? h('a', { class: 'number', href: tel ?? `tel:${number}` }, pretty(number))
      : h('p', {}, 'There is no number free right now. Call from this browser, or try again in a minute.'),
    h('p', { class: 'quiet' }, pin ? 'It is good' : 'It is kept for you', until ? ` until ${new Date(until).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}` : '', pin ? '.' : '. We see that it is you, and what it is about.'),
    pin && code(pin),
    number && dialling(number, tel),
    h('slot', { name: 'dial' }),
  ];
}

/** A telephone dials it at a touch; from a computer it is taken along. @param {string} number @param {string} [tel] */
function dialling(number, tel) {
  const copy = h('button', { class: 'button copy', type: 'button', 'data-id': 'copy', onclick: () => void navigator.clipboard.writeText(number).then(() => { copy.textContent = 'Copied'; }, () => { copy.textContent = 'It could not be copied'; }) }, 'Copy the number');
  return h('div', { class: 'row' },
    h('a', { class: 'button primary dial', href: tel ?? `tel:${number}` }, icon('phone'), 'Call now'), 'clipboard' in navigator && copy);
}

/** Others have the number too. @param {string} pin */
function code(pin) {
  const spoken = [...pin].join(' ');
  return h('div', { class: 'code' },
    h('p', {}, 'When a voice asks for your code, enter'),
    h('p', { class: 'number', 'aria-label': spoken }, spoken),
    h('p', { class: 'quiet small' }, 'You are not asked if we know the telephone that you call from.'));
}

/** `+1 201 555 0123`. @param {string} number */
function pretty(number) {
  return number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '+1 $1 $2 $3');
}

const ORDER = ['calling', 'recognised', 'waiting', 'agent_reading', 'ringing', 'connected'];

/** @type {Record<string, string>} */
const STEPS = {
  calling: 'Calling', recognised: 'Recognised', waiting: 'Finding the right person', agent_reading: 'An agent is reading your case',
  ringing: 'Ringing', connected: 'Connected',
};

/** @param {Contact} contact */
export function progress(contact) {
  const { live } = contact;
  const state = contact.stage;
  const at = ORDER.indexOf(state === 'held' ? 'connected' : state === 'confirm' ? 'recognised' : state);
  return h('ol', { class: 'steps', 'aria-label': 'How your call stands' }, ORDER.map((step, index) => {
    const kind = index < at ? 'done' : index === at ? 'now' : '';
    const live_ = kind === 'now' && step === 'connected' ? ' live' : '';
    return h('li', { class: `step ${kind}${live_}`, 'aria-current': kind === 'now' ? 'step' : undefined },
      h('span', { class: 'dot' }, (kind === 'done' || live_) && icon('check')),
      h('div', {}, title(step, live), index === at && detail(state, live)));
  }));
}

/** @param {string} step @param {LiveState} live */
function title(step, live) {
  if (step === 'connected' && live.agent) return `Connected with ${named(live.agent)}`;
  if (step === 'agent_reading' && live.agent) return `${named(live.agent)} is reading your case`;
  return STEPS[step];
}

/** Agents have names for machines. @param {string} agent */
function named(agent) {
  return agent.charAt(0).toUpperCase() + agent.slice(1);
}

/** @param {string} state @param {LiveState} live */
function detail(state, live) {
  if (state === 'held') return h('p', { class: 'quiet small' }, 'You are on hold for a moment.');
  if (state === 'ringing') return h('p', { class: 'quiet small' }, 'Nearly there.');
  if (state !== 'waiting') return null;
  const place = live.position ? `You are number ${live.position}` : 'You have a place';
  return h('p', { class: 'quiet small' }, withWait(place, live));
}

/** What a screen reader is told when the state changes. @param {string} state @param {LiveState} live */
export function spoken(state, live) {
  if (state === 'waiting') return detail(state, live)?.textContent ?? '';
  if (state === 'confirm') return 'Are you calling us right now?';
  if (state === 'held') return 'You are on hold for a moment.';
  if (state === 'ended') return 'The call has ended.';
  if (CALLBACK_STATES.has(state) || state === 'callback_missed') return words(live);
  return title(state, live) ?? '';
}

/** The match is in doubt. @param {Contact} contact */
export function question(contact) {
  return h('div', { class: 'notice', role: 'group', 'aria-label': 'Is it you?' },
    h('strong', {}, 'Are you calling us right now?'),
    h('p', {}, 'A call has come in that seems to be yours. If you confirm, the agent sees your case at once.'),
    h('div', { class: 'row' },
      h('button', { class: 'button primary', type: 'button', 'data-id': 'yes', onclick: () => void contact.confirm() }, 'Yes, that is me'),
      h('button', { class: 'button', type: 'button', onclick: () => contact.deny() }, 'No')));
}

/** What can be done in a call of this browser. @param {Contact} contact */
export function controls(contact) {
  const call = contact.line?.call;
  const talking = call?.state === 'talking';
  return [
    h('div', { class: 'head' },
      h('div', { class: 'wave', 'aria-hidden': 'true' }, Array.from({ length: 14 }, () => h('i', {}))),
      h('span', { class: 'time', role: 'timer' }, contact.connectedAt ? clock(Date.now() - contact.connectedAt) : '')),
    contact.needsClick && h('button', { class: 'button primary', type: 'button', onclick: () => void contact.hear() }, icon('sound'), 'Let me hear the other side'),
    call?.interrupted && h('div', { class: 'notice warn' }, 'The sound is interrupted. It is tried again; stay on the line.'),
    contact.line?.isLost && talking && h('div', { class: 'notice warn' }, 'The connection to our server is interrupted. You can go on speaking.'),
    h('div', { class: 'row even' },
      h('button', { class: 'button', type: 'button', 'data-id': 'mute', 'aria-pressed': String(call?.muted ?? false), disabled: !talking, onclick: () => call?.mute(!call.muted) }, icon(call?.muted ? 'micOff' : 'mic'), call?.muted ? 'Unmute' : 'Mute'),
      h('button', { class: 'button', type: 'button', 'data-id': 'keypad', 'aria-expanded': String(contact.keypad), disabled: !talking, onclick: () => contact.toggleKeypad() }, icon('keypad'), 'Keypad'),
      h('button', { class: 'button danger', type: 'button', 'data-id': 'hang-up', onclick: () => contact.hangUp() }, icon('end'), 'Hang up')),
    contact.keypad && talking && h('div', { class: 'keypad', role: 'group', 'aria-label': 'Keypad' },
      ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'].map((key) => h('button', { class: 'button', type: 'button', onclick: () => call?.press(key) }, key))),
  ];
}

/** @param {Contact} contact */
export function form(contact) {
  const text = h('textarea', { class: 'input', required: true, maxLength: 4000, value: contact.draft, oninput: () => { contact.draft = text.value; } });
  return h('form', { class: 'box-form', onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void contact.write(text.value);
  } },
    h('h2', { tabIndex: -1 }, 'Write to us'),
    h('label', {}, 'Your message', text),
    h('div', { class: 'row' }, h('button', { class: 'button primary', type: 'submit', disabled: contact.isSending }, contact.isSending ? 'Sending…' : 'Send'), back(contact)));
}

/** @param {Contact} contact */
export function back(contact) {
  return h('button', { class: 'button plain', type: 'button', 'data-id': 'back', onclick: () => contact.choose('') }, 'Choose another way');
}
