/** A list of tests, run one after the other, a line each. */

/** @type {{ name: string, run: () => Promise<void> }[]} */
const tests = [];
const WITHIN_MS = 150_000;

/** @param {string} name @param {() => Promise<void>} run */
export function test(name, run) {
  tests.push({ name, run });
}

/** @param {string} only a part of the names of those to run @param {(name: string) => Promise<void>} onFailure */
export async function runAll(only, onFailure) {
  const begun = Date.now();
  const clock = () => new Date(Date.now() - begun).toISOString().slice(14, 19);
  const failures = [], chosen = tests.filter((one) => one.name.includes(only));
  for (const { name, run } of chosen) {
    const from = Date.now();
    let timer;
    try {
      const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not done within ${WITHIN_MS / 1000} s`)), WITHIN_MS); });
      await Promise.race([run(), late]);
      console.log(`[${clock()}] ${name}: passed in ${((Date.now() - from) / 1000).toFixed(1)} s`);
    } catch (fault) {
      failures.push(name);
      console.log(`[${clock()}] ${name}: FAILED\n${fault instanceof Error ? fault.stack : fault}`);
    } finally {
      clearTimeout(timer);
    }
    if (failures.includes(name)) await onFailure(name);
  }
  for (const name of failures) console.log(`failed: ${name}`);
  console.log(`${chosen.length - failures.length} passed, ${failures.length} failed`);
  return failures.length === 0;
}

/** Waits for a condition. @template T @param {() => T | Promise<T>} condition @param {string} what @param {number} [within] @returns {Promise<T>} */
export async function until(condition, what, within = 25_000) {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${within / 1000} s in vain: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 40); });
  }
}
