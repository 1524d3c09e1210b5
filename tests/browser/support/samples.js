/** Figures for the board, as a server in the middle of its day would have them. */

const AGENTS = [['anna', 'on-call'], ['ben', 'available'], ['cleo', 'break', 'lunch'], ['dina', 'wrap-up'], ['emil', 'offline'], ['fay', 'available'], ['gus', 'paused', 'no answer'], ['hana', 'on-call']];

/** @param {number} second of five minutes */
export function board(second) {
  const stage = (name, count, ms) => ({ stage: name, count, p50: ms * 900, p90: ms * 1600, p99: ms * 5200, 'p99.9': ms * 9000, max: ms * 12_000 });
  const late = second > 200 && second < 230 ? 9 : 0;
  return {
    at: new Date(Date.now() - (300 - second) * 1000).toISOString(),
    calls: [
      { id: 'c1', phase: 'waiting', level: 'V2', caller: '+12015550177', queue: 'delivery', lasted_ms: 41_000 },
      { id: 'c2', phase: 'ringing', level: 'V3', caller: '+12015550178', agent: 'ben', lasted_ms: 12_000 },
      { id: 'c3', phase: 'talking', level: 'V1', caller: '+12015550179', agent: 'anna', lasted_ms: 241_000 },
      { id: 'c4', phase: 'talking', level: 'V2', caller: '+12015550180', agent: 'hana', lasted_ms: 61_000 },
      { id: 'c5', phase: 'diverted', level: 'V0', caller: '', lasted_ms: 5_000 },
      { id: 'c6', phase: 'waiting', level: 'V1', caller: '+12015550181', queue: 'returns', lasted_ms: 9_000 },
    ],
    queues: [{ queue: 'delivery', waiting: 1, oldest_wait_ms: 41_000, available: 2, staffed: 5, expected_wait_s: 75, wait_score: { calls: 12, median_wait_s: 40, estimators: { position: { calls: 12, median_s: 6, p90_s: 20, median_ratio: 0.14, p90_ratio: 0.4 }, 'last-served': { calls: 11, median_s: 9, p90_s: 30, median_ratio: 0.21, p90_ratio: 0.6 } } } }, { queue: 'returns', waiting: 1, oldest_wait_ms: 9_000, available: 0, staffed: 2 }],
    agents: AGENTS.map(([agent, state, reason], at) => ({ agent, state, reason, for_ms: at * 47_000 + second * 1000 })),
    trunks: [
      { trunk: 'carrier', reachable: true, calls: 5, calls_out: 1, refused: { in_calls: 0 } },
      { trunk: 'pbx', reachable: false, calls: 0, calls_out: 0, refused: { in_calls: 3 }, gateways: [{ uri: 'sip:a', state: 'up' }, { uri: 'sip:b', state: 'down' }] },
    ],
    latency: { unit: 'us', stages: [stage('invite_to_match', 900 + second, 1 + 0.3 * Math.sin(second / 20)), stage('invite_to_pop_sent', 880 + second, 1.5), stage('invite_to_pop_acknowledged', 870 + second, 6 + 2 * Math.sin(second / 31) + late), stage('invite_to_answer', 700 + second, 3000)] },
    levels: { V0: 42, V1: 120, V2: 640, V3: 98 },
    fallbacks: { 'match-deadline': 4, 'no-agent': 21, policy: 17 },
  };
}
