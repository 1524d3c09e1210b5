/** What the board is told each second, in one shape whatever is missing. */

/**
 * @typedef {{ id: string, phase: string, level: string, caller: string, trunk?: string, queue?: string, agent?: string, lasted_ms: number, outcome?: string, fallback?: string }} CallRow
 * @typedef {{ queue: string, waiting: number, oldest_wait_ms: number, available: number, staffed: number, expected_wait_s?: number, service?: { calls: number, in_time: number, within_s: number, abandoned: number }, wait_score?: { calls: number, estimators: Record<string, { median_ratio: number, spread?: { up_to?: number, calls: number }[] }> } }} QueueRow
 * @typedef {{ agent: string, state: string, reason?: string, for_ms: number, call?: string }} AgentRow
 * @typedef {{ trunk: string, reachable?: boolean, calls: number, calls_out: number, gateways?: { uri: string, state: string }[], registration?: { registered: boolean }, refused?: Record<string, number> }} TrunkRow
 * @typedef {{ stage: string, count: number, p50: number, p90: number, p99: number, p999: number, max: number }} StageRow
 */

/**
 * @typedef {object} Snapshot
 * @property {number} at
 * @property {CallRow[]} calls
 * @property {Record<string, number>} phases how many calls are in each phase
 * @property {QueueRow[]} queues
 * @property {AgentRow[]} agents
 * @property {TrunkRow[]} trunks
 * @property {StageRow[]} stages in microseconds, since the start of the process
 * @property {StageRow[]} recent the same since the snapshot before
 * @property {Record<string, number>} levels since the start of the process
 * @property {Record<string, number>} fallbacks
 * @property {{ live: string, shadow: string, differs: boolean, count: number }[]} shadow decisions by their answer and that of the shadow policy
 * @property {boolean} isShadowed there is a shadow policy
 */

/** @param {any} data @returns {Snapshot} */
export function snapshotOf(data) {
  const calls = list(data.calls);
  return {
    at: Date.parse(data.at) || Date.now(),
    calls,
    phases: typeof data.phases === 'object' && data.phases ? counts(data.phases, 'phase') : countBy(calls, (call) => call.phase),
    queues: list(data.queues?.queues ?? data.queues),
    agents: list(data.agents?.agents ?? data.agents),
    trunks: list(data.trunks?.trunks ?? data.trunks),
    stages: stages(data.latency),
    recent: stages(data.recent ?? data.latency),
    levels: counts(data.levels, 'level'),
    fallbacks: counts(data.fallbacks, 'cause'),
    shadow: list(data.shadow),
    isShadowed: typeof data.shadow_policy === 'string',
  };
}

/** @param {any} latency @returns {StageRow[]} */
function stages(latency) {
  return list(latency?.stages ?? latency).map((row) => ({ ...row, p999: row.p999 ?? row['p99.9'] ?? 0 }));
}

/** @param {any} value @returns {any[]} */
function list(value) {
  return Array.isArray(value) ? value : [];
}

/** `{"V1": 3}` or `[{"level": "V1", "count": 3}]`. @param {any} value @param {string} name @returns {Record<string, number>} */
function counts(value, name) {
  if (Array.isArray(value)) return Object.fromEntries(value.map((row) => [String(row[name]), Number(row.count ?? row.calls ?? 0)]));
  return value && typeof value === 'object' ? value : {};
}

/** @template T @param {T[]} rows @param {(row: T) => string} key @returns {Record<string, number>} */
export function countBy(rows, key) {
  /** @type {Record<string, number>} */
  const found = {};
  for (const row of rows) found[key(row)] = (found[key(row)] ?? 0) + 1;
  return found;
}

/** How many of the last hour's calls were answered in time; null while there was none. @param {QueueRow} queue @returns {{ calls: number, share: number, within: number, abandoned: number } | null} */
export function serviceOf({ service }) {
  if (!service?.calls) return null;
  return { calls: service.calls, share: service.in_time / service.calls, within: service.within_s, abandoned: service.abandoned };
}

/** Of all queues together. @param {QueueRow[]} queues */
export function serviceOfAll(queues) {
  const known = queues.flatMap(({ service }) => (service?.calls ? [service] : []));
  const sum = (/** @type {'calls' | 'in_time' | 'abandoned'} */ name) => known.reduce((all, one) => all + one[name], 0);
  return known[0] ? { calls: sum('calls'), share: sum('in_time') / sum('calls'), within: known[0].within_s, abandoned: sum('abandoned') } : null;
}

/** `1.24 ms`, `830 us`, `2.1 s`. @param {number} us */
export function span(us) {
  if (us >= 1_000_000) return `${(us / 1_000_000).toFixed(1)} s`;
  if (us >= 100_000) return `${Math.round(us / 1000)} ms`;
  if (us >= 1_000) return `${(us / 1000).toFixed(us >= 10_000 ? 1 : 2)} ms`;
  return `${Math.round(us)} µs`;
}

/** `invite_to_pop_sent` as `pop sent`. @param {string} stage */
export function stageName(stage) {
  return stage.replace(/^invite_to_/, '').replaceAll('_', ' ');
}
