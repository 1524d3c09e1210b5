/** What the agent is and since when; and what they wanted to be, which a connection that was away does not change. */

import { kept } from './kept.js';

/** @typedef {{ state: string, reason?: string }} State */

/** Whoever was away for longer has perhaps gone home. */
const COMES_BACK_WITHIN_MS = 5 * 60_000;

export class Presence {
  /** @param {string} agent */
  constructor(agent) {
    this.agent = agent;
    /** The last thing that they were by their own choice; null for offline. @type {State | null} */
    this.wish = null;
    this.lostAt = 0;
    this.since = 0;
  }

  /** @param {State} state */
  is(state) {
    const old = kept.since(this.agent);
    const isSame = old && old.state === state.state && old.reason === state.reason;
    this.since = isSame ? old.since : Date.now();
    kept.keepSince(this.agent, { state: state.state, reason: state.reason, since: this.since });
    if (state.state === 'available' || (state.state === 'break' && state.reason !== 'paused')) this.wish = state.reason ? { state: state.state, reason: state.reason } : { state: state.state };
    if (state.state === 'offline') this.wish = null;
  }

  lost() {
    this.lostAt ||= Date.now();
  }

  /** The connection is there again; what the agent should be asked to be again, and for how long it was away. @returns {{ wish: State | null, awayMs: number, isLate: boolean }} */
  back() {
    const awayMs = this.lostAt ? Date.now() - this.lostAt : 0;
    this.lostAt = 0;
    return { wish: this.wish, awayMs, isLate: awayMs > COMES_BACK_WITHIN_MS };
  }
}
