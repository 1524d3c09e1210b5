/** The pop: who calls, how sure we are, about what, and what would open what is locked. */

import { clock, fill, h, icon } from '../lib/dom.js';

/** @typedef {import('../lib/desk-socket.js').Pop} Pop */
/** @typedef {import('../lib/desk-socket.js').Field} Field */

/** @type {Record<string, string>} */
const LEVELS = { V0: 'Unmatched', V1: 'Likely', V2: 'Strong', V3: 'Proven' };
/** Fields that are read as sentences. */
const WIDE = new Set(['words', 'articles', 'subject', 'access']);
/** What is read first, in this order; the rest follows as it comes. */
const FIRST = ['callback', 'callback_so_far', 'subject', 'reason', 'past', 'words', 'articles'];
const rank = (/** @type {string} */ key) => (FIRST.indexOf(key) + 1) || FIRST.length + 1;
/** @type {Record<string, string>} */
const URGENCY = { high: 'bad', elevated: 'warn' };

/**
 * @param {HTMLElement} place
 * @param {Pop} pop
 * @param {Set<string>} opened keys of fields that were locked a moment ago
 */
export function drawPop(place, pop, opened = new Set()) {
  place.className = 'card pop fresh';
  fill(
    place,
    head(pop),
    pop.rivals > 0 && warning(pop.rivals),
    pop.next_step && h('div', { class: 'notice' }, h('div', {}, h('strong', {}, 'Next step'), pop.next_step)),
    h('dl', { class: 'facts' }, facts(pop).map((field) => fact(field, opened.has(field.key)))),
  );
}

/** @param {Pop} pop */
function head(pop) {
  const urgency = value(pop, 'urgency');
  return h('div', { class: 'pop-head' },
    h('div', {},
      h('h2', { dir: 'auto' }, titleOf(pop)),
      h('p', { class: 'why' }, pop.why.length ? `This call ${new Intl.ListFormat('en').format(pop.why)}.` : 'Nothing ties this call to a visit on our pages.'),
      h('div', { class: 'badges' },
        pop.queue && h('span', { class: 'chip bare accent' }, pop.queue),
        urgency && URGENCY[urgency] && h('span', { class: `chip ${URGENCY[urgency]}` }, `${urgency} urgency`),
        value(pop, 'tier') && h('span', { class: 'chip bare violet' }, value(pop, 'tier')),
        h('span', { class: 'chip bare numbers' }, `waited ${clock(pop.waited_ms)}`))),
    h('span', { class: `level ${pop.level}` }, h('b', {}, pop.level), LEVELS[pop.level] ?? ''));
}

/** The customer's name, or what stands for it. @param {Pop} pop */
export function titleOf(pop) {
  return value(pop, 'customer_name') || value(pop, 'caller_number') || 'Not yet identified';
}

/** @param {Pop} pop @param {string} key */
function value(pop, key) {
  return pop.fields.find((field) => field.key === key)?.value ?? '';
}

/** What it is about, in a line. @param {Pop} pop */
export function aboutOf(pop) {
  return [value(pop, 'reason'), value(pop, 'subject')].filter(Boolean).join(' · ');
}

/** What the customer has read, for the wrap-up. @param {Pop | null} pop */
export function articlesOf(pop) {
  return (pop ? value(pop, 'articles') : '').split('; ').filter(Boolean);
}

/** What the head has not said. @param {Pop} pop */
function facts(pop) {
  const inHead = new Set(['tier', 'customer_name', 'caller_number']);
  if (URGENCY[value(pop, 'urgency')]) inHead.add('urgency');
  return pop.fields.filter((field) => field.locked || (field.value && !inHead.has(field.key))).sort((a, b) => rank(a.key) - rank(b.key));
}

/** @param {Field} field @param {boolean} opened */
function fact(field, opened) {
  const kind = `${field.locked ? ' locked' : ''}${opened ? ' opened' : ''}${WIDE.has(field.key) && !field.locked ? ' wide' : ''}`;
  // What a site calls its own attributes is written as it likes.
  const label = `${field.label.charAt(0).toUpperCase()}${field.label.slice(1)}`.replaceAll('_', ' ');
  if (!field.locked) return h('div', { class: `fact${kind}` }, h('dt', {}, label), h('dd', { dir: 'auto' }, field.key === 'language' ? languageOf(field.value ?? '') : field.value));
  return h('div', { class: `fact${kind}` },
    h('dt', {}, icon('lock'), `${label} (locked, opens at ${field.needs ?? 'a higher level'})`),
    h('dd', {}, field.unlock ? [h('span', { class: 'quiet small' }, 'Ask: '), h('span', { class: 'ask' }, field.unlock)] : 'Opens when the caller is surer.'));
}

/** `en-GB` as `British English`. @param {string} tag */
function languageOf(tag) {
  try {
    return new Intl.DisplayNames(undefined, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** @param {number} rivals */
function warning(rivals) {
  const others = rivals === 1 ? 'One other customer fits' : `${rivals} other customers fit`;
  return h('div', { class: 'notice warn' }, h('div', {},
    h('strong', {}, `${others} nearly as well`), 'Ask who is calling before you say anything about the case.'));
}

/** The keys of fields that are open now and were not before. @param {Pop | null} before @param {Pop} now */
export function newlyOpened(before, now) {
  const locked = new Set(before?.fields.filter((field) => field.locked).map((field) => field.key));
  return new Set(now.fields.filter((field) => !field.locked && locked.has(field.key)).map((field) => field.key));
}

/** @typedef {{ at: number, who: string, outcome: string, about?: string, unsaved?: { call: string, written: import('./wrap-up.js').WrapUp } }} Done `unsaved`: what was written, and is not known to be saved */

/** What stands there while nobody calls. @param {HTMLElement} place @param {Done[]} done */
export function drawNobody(place, done) {
  place.className = 'card pop';
  if (done.length === 0) {
    fill(place, h('div', { class: 'blank' }, h('h2', {}, 'Nobody is calling'), h('p', {}, 'Who calls, why, and what they have tried appears here before your phone rings.')));
    return;
  }
  const time = (/** @type {number} */ at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  fill(place,
    h('h2', {}, 'Your calls today'),
    h('ol', { class: 'recent' }, done.map((one) => h('li', {},
      h('span', { class: 'quiet numbers' }, time(one.at)), h('span', {}, h('bdi', {}, one.who), one.about && h('span', { class: 'quiet small' }, ` · ${one.about}`), one.unsaved && h('span', { class: 'unsaved', dir: 'auto' }, one.unsaved.written.summary)),
      h('span', { class: 'chip bare' }, one.outcome)))));
}
