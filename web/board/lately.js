/** The last calls, each with the way to its explanation. Asked for while somebody looks at the board: when a call went on, else now and then. */

import { fill, h } from '../lib/dom.js';
import { callerOf, table } from './parts.js';
import { Why } from './why.js';

/** @typedef {{ id: string, phase: string, caller: string, trunk: string, began_at: string, level: string, rule?: string, agent?: string, outcome?: string, fallback?: string }} LateCall */

const EVERY_MS = 4_000;
const SHOWN = 12;

export class Lately {
  /** @param {HTMLElement} place @param {string} key */
  constructor(place, key) {
    this.place = place;
    this.key = key;
    this.why = new Why(key);
    this.shown = '';
    this.heard = '';
    setInterval(() => void this.look(), EVERY_MS);
  }

  /** A snapshot comes once a second, so calls that go on are asked for no oftener. @param {import('./snapshot.js').Snapshot} now */
  follow({ phases, levels }) {
    const heard = JSON.stringify([phases, levels]);
    if (heard !== this.heard) void this.look();
    this.heard = heard;
  }

  async look() {
    if (document.hidden) return;
    const answer = await ask(`/v1/calls?limit=${SHOWN}`, this.key);
    if (answer) this.draw(answer.calls);
  }

  /** @param {LateCall[]} calls */
  draw(calls) {
    const state = JSON.stringify(calls.map((one) => [one.id, one.phase, one.level, one.agent, one.outcome]));
    if (state === this.shown) return;
    this.shown = state;
    const focused = document.activeElement?.getAttribute('data-why');
    const rows = calls.map((one) => [
      new Date(one.began_at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
      callerOf(one), one.level, one.rule ?? '–', one.agent ?? '–', cameOf(one),
      h('button', { class: 'button small', type: 'button', 'data-why': one.id, 'aria-label': `Why the call ${callerOf(one)} went there`, onclick: () => void this.why.open(one.id) }, 'Why'),
    ]);
    fill(this.place, calls.length ? table('Calls lately', ['Began', 'Caller', 'Level', 'Rule', 'Agent', 'Came of it', ''], rows, 99) : h('p', { class: 'quiet' }, 'No call has come in yet.'));
    const again = focused ? this.place.querySelector(`[data-why="${focused}"]`) : null;
    if (again instanceof HTMLElement) again.focus();
  }
}

/** @param {LateCall} call */
function cameOf({ phase, outcome, fallback }) {
  const words = (outcome ?? phase).replaceAll(/[-_]/g, ' ');
  return fallback ? `${words}: ${fallback.replaceAll('-', ' ')}` : words;
}

/** What the server answers, or null. @param {string} path @param {string} key @returns {Promise<any>} */
export async function ask(path, key) {
  const response = await fetch(path, { headers: { Authorization: `Bearer ${key}` }, cache: 'no-store' }).catch(() => null);
  return response?.ok ? response.json().catch(() => null) : null;
}
