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
    queues: [{ queue: 'delivery', service: { calls: 40, in_time: 28, within_s: 20, abandoned: 3 }, waiting: 1, oldest_wait_ms: 41_000, available: 2, staffed: 5, expected_wait_s: 75, wait_score: { calls: 12, median_wait_s: 40, estimators: { position: { calls: 12, median_s: 6, p90_s: 20, median_ratio: 0.14, p90_ratio: 0.4, spread: [{ up_to: 0.1, calls: 4 }, { up_to: 0.2, calls: 4 }, { up_to: 0.5, calls: 3 }, { up_to: 1, calls: 1 }, { up_to: 2, calls: 0 }, { calls: 0 }] }, 'last-served': { calls: 11, median_s: 9, p90_s: 30, median_ratio: 0.21, p90_ratio: 0.6, spread: [{ up_to: 0.1, calls: 2 }, { up_to: 0.2, calls: 3 }, { up_to: 0.5, calls: 4 }, { up_to: 1, calls: 1 }, { up_to: 2, calls: 1 }, { calls: 0 }] } } } }, { queue: 'returns', waiting: 1, oldest_wait_ms: 9_000, available: 0, staffed: 2 }],
    agents: AGENTS.map(([agent, state, reason], at) => ({ agent, state, reason, for_ms: at * 47_000 + second * 1000 })),
    trunks: [
      { trunk: 'carrier', reachable: true, calls: 5, calls_out: 1, refused: { in_calls: 0 } },
      { trunk: 'pbx', reachable: false, calls: 0, calls_out: 0, refused: { in_calls: 3 }, gateways: [{ uri: 'sip:a', state: 'up' }, { uri: 'sip:b', state: 'down' }] },
    ],
    latency: { unit: 'us', stages: [stage('invite_to_match', 900 + second, 1 + 0.3 * Math.sin(second / 20)), stage('invite_to_pop_sent', 880 + second, 1.5), stage('invite_to_pop_acknowledged', 870 + second, 6 + 2 * Math.sin(second / 31) + late), stage('invite_to_answer', 700 + second, 3000)] },
    levels: { V0: 42, V1: 120, V2: 640, V3: 98 },
    fallbacks: { 'match-deadline': 4, 'nobody-free': 21, rule: 17 },
    policy: '88a363f07752', shadow_policy: '1c5f09d2e7aa',
    shadow: [{ live: 'human', shadow: 'human', differs: false, count: 812 }, { live: 'human', shadow: 'human', differs: true, count: 31 }, { live: 'self-service', shadow: 'queue', differs: true, count: 57 }],
  };
}

const LONG_WORD = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

/** Fields of a pop that a page was not made for: words wider than it, another direction, and what would be HTML. */
export const UNWIELDY = [
  { key: 'reason', label: 'Reason', value: `delivery / ${LONG_WORD}` }, { key: 'urgency', label: 'Urgency', value: 'high' }, { key: 'language', label: 'Language', value: 'ar' },
  { key: 'customer_name', label: 'Customer', value: `${LONG_WORD} Example` }, { key: 'tier', label: 'Tier', value: LONG_WORD }, { key: 'subject', label: 'About', value: `order ${'9'.repeat(90)}: مصباح القراءة` },
  { key: 'articles', label: 'Has read', value: `${LONG_WORD}; Where is my parcel?` }, { key: 'words', label: 'In their words', value: `لم يصل الطرد بعد <img src="/gone.png" onerror="window.isRun = true"> ${LONG_WORD}` },
  { key: 'email', label: 'E-mail', value: `${LONG_WORD.toLowerCase()}@shop.example.com` }, { key: LONG_WORD, label: LONG_WORD, locked: true, needs: 'V3', unlock: 'Are you still signed in on our page? Please confirm the call there.' },
];

/** What `/v1/calls` says. */
export const LATELY = [
  { id: 'call_0000000000001', trunk: 'carrier', phase: 'talking', caller: '+12015550177', began_at: '2027-01-15T09:41:07Z', level: 'V2', rule: 'gold customers first', agent: 'anna' },
  { id: 'call_0000000000002', trunk: '(web)', phase: 'ended', caller: '', began_at: '2027-01-15T09:40:12Z', level: 'V3', rule: 'known customers', agent: 'ben', outcome: 'talked' },
  { id: 'call_0000000000003', trunk: 'carrier', phase: 'ended', caller: '', began_at: '2027-01-15T09:39:58Z', level: 'V0', outcome: 'fell-back', fallback: 'rule' },
];

/** What `/v1/numbers` says. */
export const NUMBERS = {
  total: 40, numbers: [], pools: [
    { pool: 'web', numbers: 40, quarantine_s: 600, promise: { kept: false, numbers_needed: 63, accepted: { wrong_context: 0.001, empty: 0.01, late: 0.05 }, promised: { wrong_context: 0.0009, empty: 0.09, late: 0.03 }, per_hour: 200, measured_per_hour: 212.4 } },
    { pool: 'plain', numbers: 10, quarantine_s: 60 },
  ],
};

/** What `/v1/access/shadow` says. */
export const SHADOW = {
  policy: '88a363f07752', shadow: '1c5f09d2e7aa', counts: [],
  differences: [
    { call: 'call_0000000000001', at: '2027-01-15T09:41:07Z', shadow_policy: '1c5f09d2e7aa', live: { answer: 'human', queue: 'delivery', priority: 100, rule: 'gold customers first', reason: '' }, shadow: { answer: 'human', queue: 'returns', rule: 'gold customers', reason: '' } },
    { call: 'call_0000000000003', at: '2027-01-15T09:39:58Z', shadow_policy: '1c5f09d2e7aa', live: { answer: 'self-service', rule: 'default', reason: '' }, shadow: { answer: 'queue', queue: 'help', rule: 'everybody', reason: '' } },
  ],
};

/** Why one of them went where it went. */
export const EXPLAINED = {
  call: 'call_0000000000001', phase: 'talking', policy: '88a363f07752', agent: 'anna',
  match: {
    level: 'V2', why: '97.2 % of the weight earn V2, the kinds of evidence allow V2: no more than the kinds of evidence allow', share: 0.972, evidence: [{ kind: 'number', text: 'dialled the number that was leased to this intent' }],
    candidates: [{ intent: 'int_4yyd5bgrbh9q0wvb0gagqb6gng', share: 0.972, found_by: ['number', 'caller'], is: 'winner' }, { intent: 'int_5shyaf8swxhdb45ve171hnkx1h', share: 0.021, found_by: ['caller'], is: 'other' }],
  },
  decisions: [{ us: 900, policy: '88a363f07752', access: { answer: 'queue', rule: 'gold customers first', reason: 'gold customers reach a human', queue: 'delivery' }, tried: [{ rule: 'resellers help themselves', failed: { condition: 'domain', asked: 'reseller.example.net', given: 'shop.example.com' } }, { rule: 'gold customers first', met: [{ condition: 'tier', asked: 'gold', given: 'gold' }] }] }],
  queue: { us: 950, queue: 'delivery', priority: 10, position: 2, expected_wait_s: 40 },
  offers: [{ us: 41_000, agent: 'ben', failed: 'no-answer', passed_over: [{ agent: 'cleo', why: 'on a break' }] }, { us: 62_000, agent: 'anna', passed_over: [] }],
  stages: [{ stage: 'invite_to_match', us: 900, took_us: 900 }, { stage: 'invite_to_pop_sent', us: 62_100, took_us: 61_200 }],
};
