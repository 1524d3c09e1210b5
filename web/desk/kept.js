/** What the desk keeps in the browser: the login and drafts for this tab, settings and the call in progress for this person. */

/** @typedef {import('../lib/sip/dialog.js').DialogIds & { call: string, tab: string }} KeptCall */

const LOGIN = 'throughline.desk.login', TAB = 'throughline.desk.tab', SETTINGS = 'throughline.desk.settings';
const CALL = 'throughline.desk.call.', DRAFT = 'throughline.desk.draft.', DONE = 'throughline.desk.done.', SINCE = 'throughline.desk.since.', UNTIL = 'throughline.desk.until.';

/** @param {Storage} storage @param {string} key @returns {any} */
function get(storage, key) {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {Storage} storage @param {string} key @param {unknown} value null takes it away */
function put(storage, key, value) {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden: the desk works, a reload forgets.
  }
}

export const kept = {
  /** @returns {{ agent: string, token: string } | null} */
  login: () => get(sessionStorage, LOGIN),
  /** @param {{ agent: string, token: string } | null} login */
  keepLogin: (login) => put(sessionStorage, LOGIN, login),

  /** @returns {{ sounds: boolean, auto: boolean, notify: boolean }} */
  settings: () => ({ sounds: true, auto: false, notify: false, ...get(localStorage, SETTINGS) }),
  /** @param {{ sounds: boolean, auto: boolean, notify: boolean }} settings */
  keepSettings: (settings) => put(localStorage, SETTINGS, settings),

  /** A UUID that stays over a reload. @returns {string} */
  tab() {
    const old = get(sessionStorage, TAB);
    if (old) return old;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] ?? 0) & 0x0f | 0x40;
    bytes[8] = (bytes[8] ?? 0) & 0x3f | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const tab = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    put(sessionStorage, TAB, tab);
    return tab;
  },

  /** The call in progress, in whichever tab. @param {string} agent @returns {KeptCall | null} */
  call: (agent) => get(localStorage, CALL + agent),
  /** @param {string} agent @param {KeptCall | null} call */
  keepCall: (agent, call) => put(localStorage, CALL + agent, call),

  /** What was written in a wrap-up that is not sent yet. @param {string} call @returns {Record<string, string> | null} */
  draft: (call) => get(sessionStorage, DRAFT + call),
  /** @param {string} call @param {Record<string, string> | null} draft */
  keepDraft: (call, draft) => put(sessionStorage, DRAFT + call, draft),

  /** The calls of this day. @param {string} agent @returns {import('./pop.js').Done[]} */
  done: (agent) => (get(sessionStorage, DONE + agent) ?? []).filter((/** @type {import('./pop.js').Done} */ one) => new Date(one.at).toDateString() === new Date().toDateString()),
  /** @param {string} agent @param {import('./pop.js').Done[]} done */
  keepDone: (agent, done) => put(sessionStorage, DONE + agent, done),

  /** What the agent is, and since when. @param {string} agent @returns {{ state: string, reason?: string, since: number } | null} */
  since: (agent) => get(sessionStorage, SINCE + agent),
  /** @param {string} agent @param {{ state: string, reason?: string, since: number }} since */
  keepSince: (agent, since) => put(sessionStorage, SINCE + agent, since),

  /** Until when the wrap-up of a call has the agent, as Date.now() has it; 0 when nobody has said. @param {string} call @returns {number} */
  until: (call) => get(sessionStorage, UNTIL + call) ?? 0,
  /** @param {string} call @param {number | null} until */
  keepUntil: (call, until) => put(sessionStorage, UNTIL + call, until),

  /** Whoever signs out leaves nothing of customers behind. */
  forgetAll() {
    for (const key of Object.keys(sessionStorage)) {
      if ([DRAFT, DONE, SINCE, UNTIL].some((kind) => key.startsWith(kind))) put(sessionStorage, key, null);
    }
  },
};
