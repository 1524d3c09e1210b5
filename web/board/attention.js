/** What burns: in words, the worst first, so that nobody has to find it among the figures. */

import { clock, fill, h, say } from '../lib/dom.js';
import { serviceOf } from './snapshot.js';

/** @typedef {import('./snapshot.js').Snapshot} Snapshot */
/** @typedef {import('./pools.js').Pool} Pool */
/** @typedef {{ kind: 'bad' | 'warn', text: string, since?: string }} Alarm */

const WAIT_BAD_MS = 120_000, WAIT_WARN_MS = 60_000, PAUSED_MS = 30_000, WRAP_UP_MS = 10 * 60_000, LATELY_MS = 5 * 60_000;
/** Fewer calls say nothing of the service. */
const CALLS_LEAST = 5;

export class Attention {
  /** @param {HTMLElement} place @param {HTMLElement} told */
  constructor(place, told) {
    this.place = place;
    this.told = told;
    /** @type {{ at: number, fallbacks: Record<string, number> }[]} */
    this.earlier = [];
  }

  /** @param {Snapshot} now @param {Pool[]} pools */
  draw(now, pools) {
    const alarms = alarmsOf(now, pools, this.fallbacksLately(now)).sort((a, b) => Number(b.kind === 'bad') - Number(a.kind === 'bad'));
    fill(this.place, alarms.length
      ? h('ul', { class: 'alarms' }, alarms.map(({ kind, text, since }) => h('li', { class: `alarm ${kind}` }, h('span', { class: 'visually-hidden' }, kind === 'bad' ? 'Urgent: ' : 'Look at: '), text, since && h('span', { class: 'quiet numbers' }, ` ${since}`))))
      : h('p', { class: 'calm' }, 'Nothing needs attention.'));
    // How long it lasts is not told anew each second.
    say(this.told, alarms.map(({ text }) => text).join('. '));
  }

  /** What stands on the board is old. @param {Date} since */
  lost(since) {
    const text = `The server does not answer: what you see is of ${since.toLocaleTimeString()}`;
    fill(this.place, h('ul', { class: 'alarms' }, h('li', { class: 'alarm bad' }, text)));
    say(this.told, text);
  }

  /** By cause, in the last five minutes. @param {Snapshot} now @returns {Record<string, number>} */
  fallbacksLately({ at, fallbacks }) {
    this.earlier.push({ at, fallbacks });
    while (this.earlier[1] && this.earlier[1].at <= at - LATELY_MS) this.earlier.shift();
    const before = this.earlier[0]?.fallbacks ?? {};
    return Object.fromEntries(Object.entries(fallbacks).map(([cause, count]) => [cause, Math.max(0, count - (before[cause] ?? 0))]));
  }
}

/** @param {Snapshot} now @param {Pool[]} pools @param {Record<string, number>} fallbacks lately @returns {Alarm[]} */
export function alarmsOf(now, pools, fallbacks) {
  return [...now.trunks.flatMap(trunkAlarms), ...now.queues.flatMap(queueAlarms), ...now.agents.flatMap(agentAlarms), ...fallbackAlarms(fallbacks), ...pools.flatMap(poolAlarms)];
}

/** @param {import('./snapshot.js').TrunkRow} trunk @returns {Alarm[]} */
function trunkAlarms({ trunk, reachable, registration, gateways = [] }) {
  if (reachable === false) return [{ kind: 'bad', text: `Trunk ${trunk} does not answer` }];
  if (registration && !registration.registered) return [{ kind: 'bad', text: `Trunk ${trunk} is not registered` }];
  const down = gateways.filter(({ state }) => state === 'down').length;
  return down ? [{ kind: 'warn', text: `Trunk ${trunk}: ${down} of ${gateways.length} gateways down` }] : [];
}

/** @param {import('./snapshot.js').QueueRow} row @returns {Alarm[]} */
function queueAlarms(row) {
  const { queue, waiting, staffed, oldest_wait_ms: oldest } = row;
  const service = serviceOf(row);
  /** @type {Alarm[]} */
  const alarms = [];
  if (waiting && !staffed) alarms.push({ kind: 'bad', text: `${callers(waiting)} in ${queue}, and nobody is logged in for it`, since: clock(oldest) });
  else if (waiting && oldest > WAIT_WARN_MS) alarms.push({ kind: oldest > WAIT_BAD_MS ? 'bad' : 'warn', text: `${callers(waiting)} in ${queue}`, since: `the longest ${clock(oldest)}` });
  if (service && service.calls >= CALLS_LEAST && service.share < 0.8) {
    alarms.push({ kind: service.share < 0.5 ? 'bad' : 'warn', text: `${queue}: ${Math.round(100 * service.share)} % of the last hour's calls answered within ${service.within} s` });
  }
  return alarms;
}

/** @param {number} waiting */
const callers = (waiting) => (waiting === 1 ? 'One caller waits' : `${waiting} callers wait`);

/** @param {import('./snapshot.js').AgentRow} agent @returns {Alarm[]} */
function agentAlarms({ agent, state, reason, for_ms: lasted }) {
  if (state === 'paused' && lasted > PAUSED_MS) return [{ kind: 'warn', text: `${agent} gets no calls (${(reason ?? 'paused').replaceAll('-', ' ')})`, since: clock(lasted) }];
  if (state === 'wrap-up' && lasted > WRAP_UP_MS) return [{ kind: 'warn', text: `${agent} is still in a wrap-up`, since: clock(lasted) }];
  return [];
}

/** Strangers, those whom the rules sent there, and those who gave no code: as it should be. */
const MEANT = new Set(['unmatched', 'rule', 'no-pin']);

/** @param {Record<string, number>} fallbacks @returns {Alarm[]} */
function fallbackAlarms(fallbacks) {
  return Object.entries(fallbacks).filter(([cause, count]) => count > 0 && !MEANT.has(cause))
    .map(([cause, count]) => ({ kind: 'warn', text: `${count === 1 ? 'One call' : `${count} calls`} to the fallback in the last five minutes: ${cause.replaceAll(/[-_]/g, ' ')}` }));
}

/** @param {Pool} pool @returns {Alarm[]} */
function poolAlarms({ pool, numbers, promise }) {
  if (!promise || promise.kept) return [];
  return [{ kind: 'warn', text: `Pool ${pool} does not keep its promise with ${numbers} numbers: it takes ${promise.numbers_needed ?? 'more than a pool may have'}` }];
}
