/** The wrap-up: how it ended, what was agreed, which article did not help. What is written survives a reload. */

import { clock, fill, h, say } from '../lib/dom.js';
import { SUMMARY_MAX, cut, isTooLong } from './notes.js';
import { kept } from './kept.js';

/** @typedef {{ outcome: string, summary: string, article_failed?: { article: string, why: string } }} WrapUp */

const OUTCOMES = [
  ['solved', 'Solved'], ['follow-up', 'To be followed up'], ['passed-on', 'Passed on'], ['not-solved', 'Not solved'],
];
/** When the time that is left is told. */
const SOON_MS = 15_000;

/**
 * @param {HTMLElement} place
 * @param {{ call: string, caller: string, articles: string[], send: (wrapUp: WrapUp) => boolean, alert: (text: string) => void }} work
 */
export function drawWrapUp(place, { call, caller, articles, send, alert }) {
  const draft = kept.draft(call) ?? {};
  const fault = h('p', { class: 'notice bad', role: 'alert', hidden: true });
  const summary = h('textarea', { class: 'input', id: 'summary', name: 'summary', maxLength: SUMMARY_MAX, value: draft.summary ?? '', 'aria-describedby': 'summary-hint' });
  const left = h('span', { class: 'quiet small numbers', role: 'timer' });
  const why = h('input', { class: 'input', id: 'article-why', name: 'why', maxLength: 400, value: draft.why ?? '' });
  const article = articles.length
    ? h('select', { class: 'input', id: 'article', name: 'article' }, h('option', { value: '' }, 'None failed'), articles.map((title) => h('option', { value: title, selected: draft.article === title }, title)))
    : h('input', { class: 'input', id: 'article', name: 'article', maxLength: 60, value: draft.article ?? '', placeholder: 'None' });
  const whyField = h('div', { class: 'field', hidden: !article.value }, h('label', { htmlFor: 'article-why' }, 'Why it did not help'), why);
  const form = h('form', { class: 'wrap', noValidate: true, 'aria-label': 'Wrap-up' },
    h('div', { class: 'status' }, h('span', { class: 'chip violet' }, 'Wrap-up'), left),
    h('div', { class: 'who' }, h('h1', {}, 'How did it go?'), h('p', { class: 'quiet', dir: 'auto' }, caller)),
    fault,
    h('fieldset', { class: 'choices' }, h('legend', {}, 'Outcome'),
      OUTCOMES.map(([value, text]) => h('label', { class: 'choice' }, h('input', { type: 'radio', name: 'outcome', value, checked: draft.outcome === value, required: true }), text))),
    h('div', { class: 'field' }, h('label', { htmlFor: 'summary' }, 'Summary'), summary,
      h('span', { class: 'hint', id: 'summary-hint' }, 'The customer reads it on their page: what was agreed, what happens next.')),
    h('div', { class: 'field' }, h('label', { htmlFor: 'article' }, 'Article that did not help'), article),
    whyField,
    h('button', { class: 'button primary', type: 'submit' }, 'Save and finish'));

  const read = () => Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)]));
  form.addEventListener('input', () => {
    whyField.hidden = !article.value;
    kept.keepDraft(call, read());
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const { outcome = '', summary: text = '', article: failed = '', why: because = '' } = read();
    if (!outcome) return complain(fault, 'Choose an outcome first.', form.querySelector('input[name="outcome"]'));
    if (isTooLong(text)) return complain(fault, 'The summary is too long: shorten it.', summary);
    const more = failed ? { article_failed: { article: failed.slice(0, 60), why: because } } : {};
    if (!send({ outcome, summary: text, ...more })) complain(fault, 'The connection is lost. What you wrote is kept; save it again in a moment.', null);
  });
  place.className = 'card panel wrapping';
  fill(place, form);
  countDown(form, left, call, alert);
  const first = form.querySelector('input[name="outcome"]');
  if (first instanceof HTMLElement && !isTyping()) first.focus({ preventScroll: true });
  if (place.getBoundingClientRect().top < 0) place.scrollIntoView();
}

/** How long no call comes. @param {HTMLElement} form @param {HTMLElement} place @param {string} call @param {(text: string) => void} alert */
function countDown(form, place, call, alert) {
  let wasSoon = false;
  const tick = () => {
    const until = kept.until(call), ms = until - Date.now();
    if (!until) return;
    const isSoon = ms < SOON_MS;
    place.classList.toggle('soon', isSoon);
    say(place, ms > 0 ? `${clock(ms + 999)} left` : 'Calls may come now');
    if (isSoon && !wasSoon && ms > 0) alert('A few seconds are left for the wrap-up.');
    wasSoon = isSoon;
  };
  tick();
  const timer = setInterval(() => (form.isConnected ? tick() : clearInterval(timer)), 500);
}

/** What was written and not saved when the next call came. @param {string} call @returns {WrapUp | null} */
export function unsaved(call) {
  const { outcome = '', summary = '', article = '', why = '' } = kept.draft(call) ?? {};
  if (!outcome && !summary.trim()) return null;
  return { outcome: outcome || 'follow-up', summary: cut(summary), ...(article ? { article_failed: { article: article.slice(0, 60), why } } : {}) };
}

/** @param {HTMLElement} place @param {string} text @param {Element | null} where */
function complain(place, text, where) {
  place.hidden = false;
  place.textContent = text;
  if (where instanceof HTMLElement) where.focus();
}

/** Whether the person is in the middle of a text: focus stays there then. */
export function isTyping() {
  const active = document.activeElement;
  return active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement || active instanceof HTMLSelectElement;
}
