/** What the agent writes down while they talk: the beginning of the summary, kept over a reload. */

import { fill, h } from '../lib/dom.js';
import { kept } from './kept.js';

/** Letters of most scripts that the server takes. */
export const SUMMARY_MAX = 4000;
/** Bytes that it takes. */
const BYTES_MAX = 8000;

/** Whether the server takes it whole. @param {string} text */
export const isTooLong = (text) => new TextEncoder().encode(text).length > BYTES_MAX;

/** As much of it as the server takes. @param {string} text */
export function cut(text) {
  let shorter = text;
  while (isTooLong(shorter)) shorter = [...shorter].slice(0, -100).join('');
  return shorter;
}

export class Notes {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    /** Whose notes stand there; drawn once for a call, so that nobody is disturbed who writes. */
    this.call = '';
  }

  /** @param {string} call empty when there is nothing to write down */
  show(call) {
    this.place.hidden = !call;
    if (call === this.call) return;
    this.call = call;
    fill(this.place);
    if (!call) return;
    const text = h('textarea', {
      class: 'input', id: 'notes-text', maxLength: SUMMARY_MAX, value: kept.draft(call)?.summary ?? '', dir: 'auto', 'aria-describedby': 'notes-hint',
      oninput: () => kept.keepDraft(call, { ...kept.draft(call), summary: text.value }),
    });
    fill(this.place, h('div', { class: 'field' }, h('label', { htmlFor: 'notes-text' }, 'Notes'), text,
      h('span', { class: 'hint', id: 'notes-hint' }, 'They become the summary, which the customer reads.')));
  }
}
