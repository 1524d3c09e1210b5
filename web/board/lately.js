/** The last calls, each with the way to its explanation. Asked for while somebody looks at the board: when a call went on, else now and then. */

import { byId, fill, h, say } from '../lib/dom.js';
import { callerOf, table } from './parts.js';
import { Why } from './why.js';

/** @typedef {{ id: string, phase: string, caller: string, trunk: string, began_at: string, lasted_ms?: number, level: string, queue?: string, rule?: string, agent?: string, outcome?: string, fallback?: string }} LateCall */

const EVERY_MS = 4_000;
const SHOWN = 12;
/** Among so many is looked for what somebody asks for. */
const SEARCHED = 500;

export class Lately {
  /** @param {HTMLElement} place @param {string} key */
  constructor(place, key) {
    this.place = place;
    this.key = key;
    this.why = new Why(key);
    this.shown = '';
    this.heard = '';
    this.text = byId('lately-text', HTMLInputElement);
    this.count = byId('lately-count', HTMLElement);
    let due = 0;
    this.text.addEventListener('input', () => { clearTimeout(due); due = setTimeout(() => void this.look(), 250); });
    byId('lately-search', HTMLFormElement).addEventListener('submit', (event) => { event.preventDefault(); void this.look(); });
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
    const words = wordsOf(this.text.value);
    const answer = await ask(`/v1/calls?limit=${words.length ? SEARCHED : SHOWN}`, this.key);
    // Somebody has typed on meanwhile.
    if (!answer || words.join() !== wordsOf(this.text.value).join()) return;
    /** @type {LateCall[]} */
    const all = answer.calls, found = all.filter((call) => has(call, words));
    say(this.count, words.length ? `${found.length} of the last ${all.length}` : '');
    this.draw(words.length ? found.slice(0, SEARCHED / 5) : all);
  }

  /** @param {LateCall[]} calls */
  draw(calls) {
    const state = JSON.stringify(calls.map((one) => [one.id, one.phase, one.level, one.agent, one.outcome]));
    if (state === this.shown) return;
    this.shown = state;
    const focused = document.activeElement?.getAttribute('data-why');
    const rows = calls.map((one) => [
      began(one.began_at), callerOf(one), one.level, one.queue ?? '–', one.rule ?? '–', one.agent ?? '–', cameOf(one),
      h('button', { class: 'button small', type: 'button', 'data-why': one.id, 'aria-label': `Why the call ${callerOf(one)} went there`, onclick: () => void this.why.open(one.id) }, 'Why'),
    ]);
    fill(this.place, calls.length ? table('Calls lately', ['Began', 'Caller', 'Level', 'Queue', 'Rule', 'Agent', 'Came of it', ''], rows, 99) : h('p', { class: 'quiet' }, this.text.value.trim() ? 'No call of the last ones has that.' : 'No call has come in yet.'));
    const again = focused ? this.place.querySelector(`[data-why="${focused}"]`) : null;
    if (again instanceof HTMLElement) again.focus();
  }
}

/** With the day, if it is not this one. @param {string} at */
function began(at) {
  const date = new Date(at), isToday = date.toDateString() === new Date().toDateString();
  const time = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return isToday ? date.toLocaleTimeString([], time) : date.toLocaleString([], { day: 'numeric', month: 'short', ...time });
}

/** @param {string} text */
const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** Whether each of the words is somewhere in it; of a number its digits are enough. @param {LateCall} call @param {string[]} words */
export function has(call, words) {
  const text = [call.id, callerOf(call), call.level, call.queue, call.rule, call.agent, cameOf(call), call.trunk].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
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
