/** The pools of numbers: what was promised of each, and whether it holds. */

import { fill, h } from '../lib/dom.js';
import { ask } from './lately.js';
import { table } from './parts.js';

/** @typedef {{ wrong_context: number, empty: number, late: number }} Chances */
/** @typedef {{ pool: string, numbers: number, shared?: string, promise?: { kept: boolean, numbers_needed?: number, accepted: Chances, promised: Chances, per_hour: number, measured_per_hour?: number } }} Pool */

const EVERY_MS = 30_000;

export class Pools {
  /** @param {HTMLElement} place @param {string} key */
  constructor(place, key) {
    this.place = place;
    this.key = key;
    /** @type {Pool[]} */
    this.pools = [];
    setInterval(() => void this.look(), EVERY_MS);
    void this.look();
  }

  async look() {
    if (document.hidden) return;
    // Of the numbers themselves one is enough.
    const answer = await ask('/v1/numbers?limit=1', this.key);
    if (!answer) return;
    this.pools = answer.pools ?? [];
    const rows = this.pools.map(({ pool, numbers, promise }) => [
      pool, numbers, promise ? h('span', { class: `chip ${promise.kept ? 'good' : 'warn'}` }, promise.kept ? 'kept' : 'not kept') : 'none',
      promise ? promise.numbers_needed ?? 'too many' : '–', promise ? perHour(promise) : '–', promise ? chance(promise.promised.wrong_context) : '–', promise ? chance(promise.promised.empty) : '–',
    ]);
    if (rows.length) fill(this.place, table('Number pools', ['Pool', 'Numbers', 'Promise', 'It takes', 'Intents an hour', 'Wrong context', 'None free'], rows));
    else fill(this.place, h('p', { class: 'quiet' }, 'No pool is configured.'));
  }
}

/** @param {{ per_hour: number, measured_per_hour?: number }} promise */
function perHour({ per_hour: reckoned, measured_per_hour: measured }) {
  const rounded = Math.round(reckoned).toLocaleString();
  return measured === undefined ? rounded : `${rounded} (${Math.round(measured).toLocaleString()} measured)`;
}

/** `1 in 4,000`. @param {number} part */
function chance(part) {
  return part > 0 ? `1 in ${Math.round(1 / part).toLocaleString()}` : 'never';
}
