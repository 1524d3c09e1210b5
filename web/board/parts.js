/** The parts of the board: each draws one thing of a snapshot. */

import { clock, fill, h, say } from '../lib/dom.js';
import { countBy, serviceOf, serviceOfAll, span, stageName } from './snapshot.js';

/** @typedef {import('./snapshot.js').Snapshot} Snapshot */
/** @typedef {import('./snapshot.js').CallRow} CallRow */

/** The lanes, and the phases of calls that stand in each. @type {[string, string[]][]} */
const LANES = [
  ['Matching', ['screening', 'matching']], ['Waiting', ['waiting']], ['Offered', ['offered']], ['Ringing', ['ringing']],
  ['Talking', ['talking', 'held']], ['Fallback', ['diverting', 'diverted']],
];
const CALLS_SHOWN = 6;
const PEOPLE_SHOWN = 24;
/** @type {Record<string, string>} */
const LEVELS = { V0: 'V0 unmatched', V1: 'V1 likely', V2: 'V2 strong', V3: 'V3 proven' };

/** @param {HTMLElement} place @param {Snapshot} now */
export function drawFigures(place, now) {
  const live = now.calls.filter(({ phase }) => phase !== 'ended').length;
  const inProgress = Object.entries(now.phases).reduce((sum, [phase, count]) => sum + (phase === 'ended' ? 0 : count), 0);
  const states = countBy(now.agents, ({ state }) => state);
  const waiting = now.queues.reduce((sum, queue) => sum + queue.waiting, 0);
  const oldest = Math.max(0, ...now.queues.map((queue) => queue.oldest_wait_ms));
  const pop = now.stages.find(({ stage }) => stage === 'invite_to_pop_sent');
  const total = sum(now.levels), known = total - (now.levels.V0 ?? 0);
  const fallbacks = sum(now.fallbacks), service = serviceOfAll(now.queues);
  fill(place, h('dl', { class: 'figures' },
    figure('In progress', Math.max(live, inProgress)),
    figure('Waiting', waiting, waiting ? `oldest ${clock(oldest)}` : '', oldest > 120_000 ? 'bad' : oldest > 30_000 ? 'warn' : ''),
    figure('In time', service ? `${Math.round(100 * service.share)} %` : '–', service ? `within ${service.within} s, of ${service.calls.toLocaleString()} in an hour` : '', service && service.share < 0.5 ? 'bad' : service && service.share < 0.8 ? 'warn' : ''),
    figure('Gave up', service?.abandoned ?? 0, 'in an hour'),
    figure('Agents free', states.available ?? 0, `of ${now.agents.length - (states.offline ?? 0)} logged in`),
    figure('Recognised', total ? `${Math.round((100 * known) / total)} %` : '–', total ? `of ${total.toLocaleString()}` : ''),
    figure('INVITE to pop', pop?.count ? span(pop.p50) : '–', pop?.count ? `p99 ${span(pop.p99)}` : ''),
    figure('Fallbacks', fallbacks, 'since the start')));
}

/** @param {string} name @param {string | number} value @param {string} [note] @param {string} [kind] */
function figure(name, value, note = '', kind = '') {
  return h('div', { class: `figure ${kind}` }, h('dt', {}, name), h('dd', {}, value, note && [' ', h('small', {}, note)]));
}

/** Calls that stay keep their place in the page, so that only what moves is seen to move. @param {HTMLElement} place @param {Snapshot} now @param {(call: string) => void} open */
export function drawFlow(place, now, open) {
  if (place.children.length === 0) fill(place, LANES.map(([name]) => h('div', { class: 'lane' }, h('h3', {}, name, h('b', {}, '0')), h('ol', {}), h('p', { class: 'more' }))));
  LANES.forEach(([, phases], at) => {
    const lane = /** @type {HTMLElement} */ (place.children[at]);
    const calls = now.calls.filter(({ phase }) => phases.includes(phase));
    const count = Math.max(calls.length, phases.reduce((sum, phase) => sum + (now.phases[phase] ?? 0), 0));
    const rows = calls.slice(0, CALLS_SHOWN);
    /** @type {HTMLElement} */ (lane.querySelector('b')).textContent = String(count);
    /** @type {HTMLElement} */ (lane.querySelector('.more')).textContent = count > rows.length ? `and ${count - rows.length} more` : '';
    keep(/** @type {HTMLElement} */ (lane.querySelector('ol')), rows, open);
  });
}

/** @param {HTMLElement} list @param {CallRow[]} rows @param {(call: string) => void} open */
function keep(list, rows, open) {
  const old = new Map(/** @type {HTMLElement[]} */ ([...list.children]).map((item) => [item.dataset.call, item]));
  const items = rows.map((row) => {
    const item = old.get(row.id) ?? card(row.id, open);
    item.className = `call ${row.level}`;
    // Whoever waits again has been offered to somebody; that is over.
    const text = (row.phase === 'waiting' ? row.queue : row.agent ?? row.queue) ?? '';
    const words = [callerOf(row), clock(row.lasted_ms), `${row.level}${text ? ` · ${text}` : ''}`];
    item.querySelectorAll('b, .quiet').forEach((part, at) => say(part, words[at] ?? ''));
    return item;
  });
  // What is there stays untouched, and with it the focus.
  for (const item of [...list.children]) if (!items.includes(/** @type {HTMLElement} */ (item))) item.remove();
  items.forEach((item, at) => { if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null); });
}

/** @param {string} call @param {(call: string) => void} open */
function card(call, open) {
  return h('li', { 'data-call': call }, h('button', { type: 'button', title: 'Why it is here', onclick: () => open(call) },
    h('span', { class: 'top' }, h('b', {}), h('span', { class: 'quiet numbers' })), h('span', { class: 'quiet' })));
}

/** Who calls: a page has no number. @param {{ caller: string, trunk?: string }} call */
export function callerOf({ caller, trunk }) {
  return caller || (trunk === '(web)' ? 'from a browser' : 'withheld');
}

/** @param {HTMLElement} place @param {Snapshot} now */
export function drawQueues(place, now) {
  if (now.queues.length === 0) return nothing(place, 'No queue is configured.');
  fill(place, table('Queues', ['Queue', 'Waiting', 'Oldest', 'Free', 'Staffed', 'In time', 'Gave up', 'Expected'], [...now.queues].sort((a, b) => b.waiting - a.waiting).map((queue) => [queue.queue, queue.waiting, queue.waiting ? clock(queue.oldest_wait_ms) : '–', queue.available, queue.staffed, inTime(queue), serviceOf(queue)?.abandoned ?? '–', typeof queue.expected_wait_s === 'number' ? clock(queue.expected_wait_s * 1000) : '–'])));
}

/** @param {import('./snapshot.js').QueueRow} queue */
function inTime(queue) {
  const service = serviceOf(queue);
  if (!service) return '–';
  return h('span', { class: service.share < 0.5 ? 'is-bad' : service.share < 0.8 ? 'is-warn' : '', title: `Answered within ${service.within} s, of ${service.calls} calls in an hour` }, `${Math.round(100 * service.share)} %`);
}

/** What the expected wait was off by in the median, over the wait, by each estimator. @param {import('./snapshot.js').QueueRow} queue */
function offBy({ queue, wait_score: score }) {
  return [queue, score?.calls ?? 0, ...['position', 'last-served'].map((name) => {
    const known = score?.estimators[name];
    return known ? `${Math.round(known.median_ratio * 100)} %` : '–';
  })];
}

/** The expected wait against the one that came: how many calls by how much it was off, of all queues. @param {HTMLElement} place @param {Snapshot} now */
export function drawWaits(place, now) {
  const names = ['position', 'last-served'];
  const of = (/** @type {string} */ name) => now.queues.map((queue) => queue.wait_score?.estimators[name]?.spread ?? []).filter(({ length }) => length);
  const spreads = names.map((name) => of(name).reduce((/** @type {number[]} */ all, one) => one.map(({ calls }, at) => calls + (all[at] ?? 0)), []));
  const bounds = (names.map(of).flat()[0] ?? []).map(({ up_to: bound }) => bound);
  /** @type {HTMLElement} */ (place.parentElement).hidden = bounds.length === 0;
  const percent = (/** @type {number | undefined} */ bound) => `${Math.round((bound ?? 0) * 100)} %`;
  const label = (/** @type {number} */ at) => (bounds[at] === undefined ? `over ${percent(bounds[at - 1])}` : `up to ${percent(bounds[at])}`);
  fill(place, table('What the expected wait was off by', ['Queue', 'Had to wait', 'By position', 'By last served'], now.queues.filter(({ wait_score: score }) => score).map(offBy)), ...names.map((name, of) => spreads[of]?.length ? [
    h('h3', {}, `Expected wait, by ${name.replace('-', ' ')}: off by`),
    bars(bounds.map((_, at) => [label(at), spreads[of]?.[at] ?? 0, '']), Math.max(1, (spreads[of] ?? []).reduce((all, one) => all + one, 0))),
  ] : []).flat());
}

/** @param {HTMLElement} place @param {Snapshot} now @param {(call: string) => void} open */
export function drawAgents(place, now, open) {
  if (now.agents.length === 0) return nothing(place, 'No agent is configured.');
  const order = ['on-call', 'offered', 'wrap-up', 'available', 'paused', 'break', 'offline'];
  const rank = (/** @type {string} */ state) => (order.indexOf(state) + order.length) % order.length;
  const people = now.agents.filter(({ state }) => state !== 'offline').sort((a, b) => rank(a.state) - rank(b.state) || a.agent.localeCompare(b.agent));
  const states = countBy(now.agents, ({ state }) => state);
  const focused = place.contains(document.activeElement) ? document.activeElement?.getAttribute('data-call') : null;
  fill(place,
    h('p', { class: 'summary' }, order.filter((state) => states[state]).map((state) => h('span', { class: `chip bare ${CHIPS[state] ?? ''}` }, `${states[state]} ${state.replace('-', ' ')}`))),
    h('ul', { class: 'people' }, people.slice(0, PEOPLE_SHOWN).map((one) => h('li', { class: `person ${one.state}` }, h('b', {}, one.agent), h('span', { class: 'quiet numbers' }, `${(one.reason ?? one.state).replaceAll('-', ' ')} ${clock(one.for_ms)}`),
      one.call && h('button', { class: 'link', type: 'button', 'data-call': one.call, 'aria-label': `The call of ${one.agent}`, onclick: () => open(one.call ?? '') }, 'Their call')))),
    people.length > PEOPLE_SHOWN && h('p', { class: 'more' }, `and ${people.length - PEOPLE_SHOWN} more`));
  const again = focused ? place.querySelector(`[data-call="${focused}"]`) : null;
  if (again instanceof HTMLElement) again.focus();
}

/** @type {Record<string, string>} */
const CHIPS = { available: 'good', 'on-call': 'accent', offered: 'accent', 'wrap-up': 'violet', break: 'warn', paused: 'warn' };

/** @param {HTMLElement} place @param {Snapshot} now */
export function drawTrunks(place, now) {
  if (now.trunks.length === 0) return nothing(place, 'No trunk is configured.');
  const rows = now.trunks.map((trunk) => {
    const refused = sum(trunk.refused ?? {});
    const gateways = trunk.gateways ?? [];
    return [trunk.trunk, health(trunk), trunk.calls, trunk.calls_out, gatewayWords(gateways), refused || '–'];
  });
  fill(place, table('Trunks', ['Trunk', 'State', 'Calls in', 'Calls out', 'Gateways', 'Refused by caps'], rows, 2));
}

/** Those that nobody asks are not known to be down. @param {{ state: string }[]} gateways */
function gatewayWords(gateways) {
  if (gateways.length === 0) return '–';
  const asked = gateways.filter(({ state }) => state !== 'unknown');
  return asked.length ? `${asked.filter(({ state }) => state === 'up').length} of ${gateways.length} up` : `${gateways.length}, not asked`;
}

/** @param {import('./snapshot.js').TrunkRow} trunk */
function health({ reachable, registration }) {
  if (reachable === false) return h('span', { class: 'chip bad' }, 'unreachable');
  if (registration && !registration.registered) return h('span', { class: 'chip bad' }, 'not registered');
  if (registration) return h('span', { class: 'chip good' }, 'registered');
  return reachable ? h('span', { class: 'chip good' }, 'reachable') : h('span', { class: 'chip' }, 'not asked');
}

/** @param {HTMLElement} place @param {Snapshot} now */
export function drawLevels(place, now) {
  const total = sum(now.levels);
  if (total === 0) return nothing(place, 'No call has been matched yet.');
  fill(place, bars(['V3', 'V2', 'V1', 'V0'].map((level) => [LEVELS[level] ?? level, now.levels[level] ?? 0, level]), total));
}

/** @param {HTMLElement} place @param {Snapshot} now */
export function drawFallbacks(place, now) {
  const causes = Object.entries(now.fallbacks).filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  if (causes.length === 0) return nothing(place, 'No call has fallen back.');
  fill(place, bars(causes.map(([cause, count]) => [cause.replaceAll(/[-_]/g, ' '), count, 'cause']), sum(now.fallbacks)));
}

/** @param {HTMLElement} place @param {Snapshot} now */
export function drawShadow(place, now) {
  const card = place.closest('section');
  if (card) card.hidden = !now.isShadowed;
  if (now.shadow.length === 0) return nothing(place, 'No call has been decided yet.');
  const rows = [...now.shadow].sort((a, b) => b.count - a.count).map(({ live, shadow, differs, count }) => [live, shadow, differs ? h('span', { class: 'chip warn' }, 'something else') : 'the same', count.toLocaleString()]);
  fill(place, table('Shadow policy', ['Answer', 'The shadow says', 'Which does', 'Decisions'], rows, 3));
}

/** @param {HTMLElement} place @param {Snapshot} now */
export function drawStages(place, now) {
  const rows = now.stages.filter(({ count }) => count > 0).map((row) => [stageName(row.stage), row.count.toLocaleString(), span(row.p50), span(row.p90), span(row.p99), span(row.p999), span(row.max)]);
  if (rows.length) fill(place, table('Times of each stage', ['Stage', 'Calls', 'p50', 'p90', 'p99', 'p99.9', 'Most'], rows));
}

/** @param {[string, number, string][]} rows @param {number} total */
function bars(rows, total) {
  return h('ul', { class: 'bars' }, rows.map(([name, count, kind]) => {
    const bar = h('i', { class: kind });
    bar.style.width = `${(100 * count) / total}%`;
    bar.hidden = count === 0;
    return h('li', {}, h('span', {}, name), h('span', { class: 'track', 'aria-hidden': 'true' }, bar), h('span', { class: 'n' }, `${count.toLocaleString()} · ${Math.round((100 * count) / total)} %`));
  }));
}

/** @param {string} caption @param {string[]} head @param {(string | number | Node)[][]} rows @param {number} [numbersFrom] */
export function table(caption, head, rows, numbersFrom = 1) {
  const kind = (/** @type {number} */ at) => (at >= numbersFrom ? 'n' : '');
  return h('div', { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': caption }, h('table', {},
    h('thead', {}, h('tr', {}, head.map((text, at) => h('th', { scope: 'col', class: kind(at) }, text)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell, at) => (at === 0 ? h('th', { scope: 'row' }, cell) : h('td', { class: kind(at) }, cell))))))));
}

/** @param {HTMLElement} place @param {string} text */
function nothing(place, text) {
  fill(place, h('p', { class: 'quiet' }, text));
}

/** @param {Record<string, number>} counts */
function sum(counts) {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
