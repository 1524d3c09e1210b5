/** Waits longer after each failure, with jitter so that a thousand pages do not come back in the same second. */

const FIRST_MS = 500;
const MOST_MS = 15_000;
/** While somebody is on the line, whose call the server keeps for a few seconds only. */
const URGENT_MS = 2_000;

export class Backoff {
  /** @param {() => void} attempt */
  constructor(attempt) {
    this.attempt = attempt;
    this.attempts = 0;
    this.timer = 0;
    this.isUrgent = () => false;
  }

  /** Tries again after a while. Answers how long that is, in milliseconds. */
  later() {
    clearTimeout(this.timer);
    const most = Math.min(this.isUrgent() ? URGENT_MS : MOST_MS, FIRST_MS * 2 ** this.attempts);
    const wait = most / 2 + (Math.random() * most) / 2;
    this.attempts += 1;
    this.timer = setTimeout(() => { this.timer = 0; this.attempt(); }, wait);
    return wait;
  }

  /** Tries now what would be tried later. */
  now() {
    if (!this.timer) return;
    this.stop();
    this.attempt();
  }

  /** It has worked. */
  reset() {
    this.attempts = 0;
    this.stop();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}
