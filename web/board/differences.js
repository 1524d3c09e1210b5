/** The last calls with which the shadow policy would have done something else, each with the way to its explanation. */

import { fill, h } from '../lib/dom.js';
import { ask } from './lately.js';
import { table } from './parts.js';

/** @typedef {{ answer: string, rule: string, queue?: string, priority?: number }} Said */
/** @typedef {{ call: string, at: string, live: Said, shadow: Said }} Difference */

const EVERY_MS = 4_000;
const SHOWN = 12;

export class Differences {
  /** @param {HTMLElement} place @param {string} key @param {import('./why.js').Why} why */
  constructor(place, key, why) {
    this.place = place;
    this.key = key;
    this.why = why;
    this.shown = '';
    setInterval(() => void this.look(), EVERY_MS);
    void this.look();
  }

  async look() {
    if (document.hidden) return;
    const answer = await ask(`/v1/access/shadow?limit=${SHOWN}`, this.key);
    if (answer) this.draw(answer.differences);
  }

  /** @param {Difference[]} differences */
  draw(differences) {
    const state = JSON.stringify(differences.map((one) => [one.call, one.at]));
    if (state === this.shown) return;
    this.shown = state;
    const focused = document.activeElement?.getAttribute('data-differs');
    const rows = differences.map((one) => [
      new Date(one.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' }), words(one.live), words(one.shadow),
      h('button', { class: 'button small', type: 'button', 'data-differs': one.call, 'aria-label': `Why ${one.live.rule} decided`, onclick: () => void this.why.open(one.call) }, 'Why'),
    ]);
    fill(this.place, rows.length ? table('Where the shadow differs', ['Decided', 'It is', 'The shadow would have it', ''], rows, 99) : '');
    const again = focused ? this.place.querySelector(`[data-differs="${focused}"]`) : null;
    if (again instanceof HTMLElement) again.focus();
  }
}

/** @param {Said} said */
function words({ answer, rule, queue, priority }) {
  const where = [answer, queue, priority ? `priority ${priority}` : ''].filter(Boolean).join(', ');
  return `${where} by ${rule}`;
}
