/** The sample shop's "My Stuff" and its help: order, reason, article, and then the contact widget. */

import { byId, fill, h, icon } from '../lib/dom.js';
import { Cases } from './cases.js';
import { ORDERS, REASONS, price } from './stock.js';

/** @typedef {import('./stock.js').Order} Order */
/** @typedef {import('./stock.js').Reason} Reason */
/** The widget's methods are there when its script is. @typedef {HTMLElement & { start?(details: object): Promise<void>, reset?(): void, inCall?: boolean }} ContactElement */

const CASES_EVERY_MS = 4_000;

const contact = /** @type {ContactElement} */ (byId('contact', HTMLElement));
const steps = byId('steps', HTMLElement), note = byId('call-note', HTMLElement);
const cases = new Cases(byId('cases', HTMLElement), byId('cases-note', HTMLElement));

/** The number that a contact got, for the simulated telephone. */
let number = '';

function drawOrders() {
  fill(byId('orders', HTMLElement), ORDERS.map((order) => h('li', { class: 'order' },
    h('img', { src: order.art, alt: '', width: 96, height: 96 }),
    h('div', {}, h('h3', {}, order.title), h('p', { class: 'quiet' }, order.note),
      h('p', { class: 'facts small' }, h('span', { class: `chip ${order.kind}` }, order.state), h('span', { class: 'quiet' }, order.id), h('span', { class: 'quiet' }, price(order.value)))),
    h('button', { class: 'button', type: 'button', 'data-order': order.id, onclick: () => help(order) }, 'Need help'))));
}

/** Whatever else is looked at meanwhile, a call that goes on stays on the page. */
function follow() {
  const inCall = contact.inCall ?? false;
  for (const reasons of steps.querySelectorAll('fieldset')) reasons.disabled = inCall;
  if (!inCall && byId('main', HTMLElement).classList.contains('beside')) note.textContent = '';
}

/** @param {Order} order */
function help(order) {
  if (contact.inCall) return stay();
  byId('main', HTMLElement).classList.remove('beside');
  contact.reset?.();
  byId('stuff', HTMLElement).hidden = true;
  byId('help', HTMLElement).hidden = false;
  const article = h('div', {});
  const reasons = h('fieldset', { class: 'reasons' }, h('legend', {}, 'What is it about?'),
    REASONS.map((reason) => h('label', { class: 'reason' },
      h('input', { type: 'radio', name: 'reason', value: reason.sub_category, onchange: () => offer(order, reason, article) }), reason.title)));
  fill(steps,
    h('div', { class: 'about' }, h('img', { src: order.art, alt: '', width: 60, height: 60 }), h('div', {}, h('b', {}, order.title), h('p', { class: 'quiet small' }, `${order.id} · ${order.note}`))),
    reasons, article);
  byId('help-title', HTMLElement).focus();
  scrollTo(0, 0);
}

/** The article comes first: it may be all it takes. @param {Order} order @param {Reason} reason @param {HTMLElement} place */
function offer(order, reason, place) {
  contact.reset?.();
  const { article } = reason;
  const words = h('input', { class: 'input', id: 'words', maxLength: 200, placeholder: 'In your own words, if you like', 'aria-label': 'In your own words' });
  fill(place, h('article', { class: 'article' },
    h('h2', {}, article.title), h('ol', {}, article.steps.map((step) => h('li', {}, step))),
    words,
    h('div', { class: 'actions' },
      h('button', { class: 'button primary', type: 'button', id: 'contact-us', onclick: () => void begin(order, reason, words.value) }, 'Contact us'),
      h('button', { class: 'button', type: 'button', onclick: home }, 'That helped'))));
}

/** @param {Order} order @param {Reason} reason @param {string} words */
async function begin(order, reason, words) {
  byId('contact-us', HTMLElement).closest('article')?.remove();
  await customElements.whenDefined('throughline-contact');
  await contact.start?.({
    subject: { kind: 'order', id: order.id, title: order.title },
    reason: { category: reason.category, sub_category: reason.sub_category },
    articles: [{ id: reason.article.id, title: reason.article.title }],
    words, urgency: reason.urgency, value: order.value, language: navigator.language || 'en',
  });
}

/** One call at a time: the other order waits. */
function stay() {
  note.textContent = 'You are in a call. Tell us about this one too, or ask for help when the call is over.';
  scrollTo(0, 0);
}

function home() {
  const inCall = contact.inCall ?? false;
  if (!inCall) contact.reset?.();
  byId('main', HTMLElement).classList.toggle('beside', inCall);
  byId('help', HTMLElement).hidden = !inCall;
  byId('stuff', HTMLElement).hidden = false;
  void cases.look();
  byId('main', HTMLElement).focus();
}

/** In the demonstration nobody has a telephone at hand: a simulated one dials the number over real SIP. */
function drawDial() {
  const told = h('p', { class: 'quiet small', role: 'status' });
  const button = h('button', { class: 'button', type: 'button', onclick: async () => {
    button.disabled = true;
    const response = await fetch('/help/dial', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ number }) }).catch(() => null);
    button.disabled = false;
    told.textContent = response?.ok ? 'The simulated telephone is dialling.' : 'The simulated telephone is not there.';
  } }, icon('phone'), 'Let a simulated phone dial it');
  fill(byId('dial', HTMLElement), h('p', { class: 'small quiet' }, 'Only in this demonstration:'), button, told);
}

/** The widget comes from Throughline's own server, as on any site. */
async function loadWidget() {
  const response = await fetch('/shop/config');
  const { throughline } = await response.json();
  const script = h('script', { src: `${throughline}/widget.js` });
  document.head.append(script);
}

contact.addEventListener('throughline-intent', (event) => { number = /** @type {CustomEvent} */ (event).detail.number ?? ''; });
contact.addEventListener('throughline-message', () => void cases.look());
for (const name of ['state', 'call', 'error']) contact.addEventListener(`throughline-${name}`, follow);
const back = byId('back', HTMLButtonElement);
fill(back, '‹ My Stuff');
back.addEventListener('click', home);
drawOrders();
drawDial();
void loadWidget();
void cases.look();
setInterval(() => { if (!document.hidden) void cases.look(); }, CASES_EVERY_MS);
