/** A list of tests, a line each. Two lanes run beside each other, since most of a test is waiting; in a lane one test follows the other. */

import { AsyncLocalStorage } from 'node:async_hooks';

/** @typedef {'pretend' | 'real' | 'alone'} Lane against a pretending server, at the real one, or when all others are done */
/** @type {{ name: string, lane: Lane, run: () => Promise<void> }[]} */
const tests = [];
/** For a machine several times slower than a desk's: a condition that comes true ends its wait, so only failures take this long. */
export const PATIENCE_MS = 60_000;
const WITHIN_MS = 300_000;

/** @type {AsyncLocalStorage<string>} */
const running = new AsyncLocalStorage();

/** The name of the test that asks. */
export const current = () => running.getStore() ?? '';

/** What makes tests of a lane. @param {Lane} lane @returns {(name: string, run: () => Promise<void>) => void} */
export function inLane(lane) {
  return (name, run) => void tests.push({ name, lane, run });
}

/** @param {string} only a part of the names of those to run @param {(name: string, failed: boolean) => Promise<void>} onEnd says what it knows of a failure */
export async function runAll(only, onEnd) {
  const begun = Date.now();
  const clock = () => new Date(Date.now() - begun).toISOString().slice(14, 19);
  /** @type {string[]} */
  const failures = [];
  const chosen = tests.filter((one) => one.name.includes(only));
  const runLane = async (/** @type {Lane} */ lane) => {
    for (const one of chosen.filter((each) => each.lane === lane)) {
      const from = Date.now(), fault = await faultOf(one);
      if (fault) failures.push(one.name);
      console.log(`[${clock()}] ${one.name}: ${fault ? `FAILED\n${fault.stack ?? fault}` : `passed in ${((Date.now() - from) / 1000).toFixed(1)} s`}`);
      await onEnd(one.name, Boolean(fault));
    }
  };
  await Promise.all([runLane('pretend'), runLane('real')]);
  await runLane('alone');
  for (const name of failures) console.log(`failed: ${name}`);
  console.log(`${chosen.length - failures.length} passed, ${failures.length} failed`);
  return failures.length === 0;
}

/** @param {{ name: string, run: () => Promise<void> }} one @returns {Promise<any>} */
async function faultOf({ name, run }) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not done within ${WITHIN_MS / 1000} s`)), WITHIN_MS); });
  try {
    await Promise.race([running.run(name, run), late]);
    return null;
  } catch (fault) {
    return fault ?? new Error('no reason');
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a condition. @template T @param {() => T | Promise<T>} condition @param {string} what @param {number} [within] @returns {Promise<T>} */
export async function until(condition, what, within = PATIENCE_MS) {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${within / 1000} s in vain: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 40); });
  }
}
