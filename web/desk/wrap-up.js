/** The wrap-up: how it ended, what was agreed, which article did not help. What is written survives a reload. */

import { fill, h } from '../lib/dom.js';
import { kept } from './kept.js';

/** @typedef {{ outcome: string, summary: string, article_failed?: { article: string, why: string } }} WrapUp */

const OUTCOMES = [
  ['solved', 'Solved'], ['follow-up', 'To be followed up'], ['passed-on', 'Passed on'], ['not-solved', 'Not solved'],
];
/** Bytes that the server takes. */
const SUMMARY_MAX = 4000;

/**
 * @param {HTMLElement} place
 * @param {{ call: string, caller: string, articles: string[], send: (wrapUp: WrapUp) => boolean }} work
 */
export function drawWrapUp(place, { call, caller, articles, send }) {
  const draft = kept.draft(call) ?? {};
  const fault = h('p', { class: 'notice bad', role: 'alert', hidden: true });
  const summary = h('textarea', { class: 'input', id: 'summary', name: 'summary', maxLength: SUMMARY_MAX, value: draft.summary ?? '', 'aria-describedby': 'summary-hint' });
  const why = h('input', { class: 'input', id: 'article-why', name: 'why', maxLength: 400, value: draft.why ?? '' });
  const article = articles.length
    ? h('select', { class: 'input', id: 'article', name: 'article' }, h('option', { value: '' }, 'None failed'), articles.map((title) => h('option', { value: title, selected: draft.article === title }, title)))
    : h('input', { class: 'input', id: 'article', name: 'article', maxLength: 60, value: draft.article ?? '', placeholder: 'None' });
  const whyField = h('div', { class: 'field', hidden: !article.value }, h('label', { htmlFor: 'article-why' }, 'Why it did not help'), why);
  const form = h('form', { class: 'wrap', noValidate: true, 'aria-label': 'Wrap-up' },
    h('div', { class: 'status' }, h('span', { class: 'chip violet' }, 'Wrap-up')),
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
    const more = failed ? { article_failed: { article: failed.slice(0, 60), why: because } } : {};
    if (!send({ outcome, summary: text, ...more })) complain(fault, 'The connection is lost. What you wrote is kept; save it again in a moment.', null);
  });
  place.className = 'card panel wrapping';
  fill(place, form);
  const first = form.querySelector('input[name="outcome"]');
  if (first instanceof HTMLElement && !isTyping()) first.focus({ preventScroll: true });
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
