/** Chromium, its pages, and what is asked of them. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { certificate } from './certificate.js';
import { fileOf, typeOf } from './files.js';
import { PATIENCE_MS, current } from './tests.js';

export const OUT = fileURLToPath(new URL('../../../target/browser/', import.meta.url));
mkdirSync(OUT, { recursive: true });

/** @type {Map<number, Promise<import('playwright-core').Browser>>} */
const launched = new Map();

/** A browser whose microphone is a tone; one for all tests. @param {number} hertz */
export function launch(hertz) {
  const browser = launched.get(hertz) ?? start(hertz);
  launched.set(hertz, browser);
  return browser;
}

/** Whoever comes later has new ones. */
export async function closeAll() {
  for (const browser of launched.values()) await (await browser).close();
  launched.clear();
}

/** @param {number} hertz */
function start(hertz) {
  const file = join(OUT, `tone-${hertz}.wav`);
  writeFileSync(file, tone(hertz));
  return chromium.launch({
    timeout: 2 * PATIENCE_MS,
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${file}`,
      '--autoplay-policy=no-user-gesture-required', `--ignore-certificate-errors-spki-list=${certificate().spki}`, `--disable-features=WebRtcHideLocalIpsWithMdns${process.env.PAGES ? ',LocalNetworkAccessChecks' : ''}`,
    ],
  });
}

/** A second of a sine as WAV, 48 kHz, 16 bit; whole waves, so that it repeats without a click. @param {number} hertz */
function tone(hertz) {
  const rate = 48_000, bytes = Buffer.alloc(44 + 2 * rate);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * rate, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * rate, 40);
  for (let at = 0; at < rate; at += 1) bytes.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hertz * at) / rate)), 44 + 2 * at);
  return bytes;
}

/** The pages that each test has open, and what those said that it has left. @type {Map<string, { shown: import('playwright-core').Page, words: string }[]>} */
const pagesOf = new Map();

/** @param {import('playwright-core').Browser} browser @param {import('playwright-core').BrowserContextOptions} [options] */
export async function page(browser, options = {}) {
  const context = await browser.newContext({ permissions: ['microphone'], viewport: { width: 1280, height: 860 }, locale: 'en-GB', ignoreHTTPSErrors: Boolean(process.env.PAGES), ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  if (process.env.PAGES) await context.route((url) => Boolean(fileOf(url.pathname)), ownPage);
  const made = await context.newPage();
  made.problems = [];
  made.on('pageerror', (fault) => made.problems.push(String(fault)));
  made.on('console', (message) => { if (message.type() === 'error') made.problems.push(message.text()); });
  // Leaving in the middle of a call asks; the answer here is always yes.
  made.on('dialog', (dialog) => void dialog.accept().catch(() => {}));
  pagesOf.set(current(), [...(pagesOf.get(current()) ?? []), { shown: made, words: '' }]);
  return made;
}

/** A page as it is in the checkout, with the headers that the program sends. @param {import('playwright-core').Route} route */
async function ownPage(route) {
  const response = await route.fetch();
  const path = fileOf(new URL(route.request().url()).pathname);
  await route.fulfill(response.ok() ? { response, path } : { path, status: 200, contentType: typeOf(path) });
}

/** Leaves pages; what they look like is kept when the test has failed. @param {import('playwright-core').Page[]} pages */
export async function leave(...pages) {
  for (const [at, shown] of pages.entries()) await shown.screenshot({ path: lastOf(current(), at), timeout: 10_000 }).catch(() => {});
  for (const one of pagesOf.get(current()) ?? []) if (pages.includes(one.shown)) one.words = await wordsOf(one.shown);
  await Promise.all(pages.map((shown) => shown.context().close()));
}

/** What stands on a page now, that of custom elements too, and what its console complained of. @param {import('playwright-core').Page} shown */
async function wordsOf(shown) {
  const asked = shown.evaluate(() => {
    const text = (root) => [...root.children].map((element) => element.innerText ?? '').join('\n');
    const shadows = [...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean);
    return [document.body.innerText, ...shadows.map(text)].join('\n').replace(/\n\s*\n+/g, '\n').trim();
  });
  const late = new Promise((resolve) => { setTimeout(resolve, 10_000, '(it does not answer)'); });
  const words = String(await Promise.race([asked, late]).catch((fault) => `(${fault})`)).slice(0, 3_000);
  return [shown.url().replace(/[?#].*/, ''), words, ...shown.problems.slice(-10).map((problem) => `console: ${problem}`)].join('\n').replace(/\n/g, '\n    | ');
}

/** The pages of a test that has failed, in words and as pictures, as they were left; of others nothing. @param {string} name @param {boolean} failed */
export async function keepLast(name, failed) {
  for (const [at, { shown, words }] of (pagesOf.get(name) ?? []).entries()) {
    if (failed) console.log(`  page ${at} of "${name}": ${words || (await wordsOf(shown))}`);
  }
  pagesOf.delete(name);
  for (const at of [0, 1, 2]) {
    const last = lastOf(name, at);
    await (failed ? rename(last, last.replace('last-', 'failed-')) : rm(last)).catch(() => {});
  }
}

/** @param {string} name @param {number} at */
const lastOf = (name, at) => join(OUT, `last-${name.replace(/[^a-z0-9]+/gi, '-').slice(0, 40)}-${at}.png`);

/** Writes what the page looks like under target/browser/. @param {import('playwright-core').Page} shown @param {string} name */
export async function picture(shown, name) {
  await shown.screenshot({ path: join(OUT, `${name}.png`), fullPage: true, animations: 'disabled' });
}

/**
 * The loudest frequency of what an audio element plays, and its level; 0 while nothing is heard.
 * @param {import('playwright-core').Page} shown
 */
export function heard(shown) {
  return shown.evaluate(async () => {
    const roots = [document, ...[...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean)];
    const element = roots.flatMap((root) => [...root.querySelectorAll('audio')]).find((audio) => audio.srcObject?.getAudioTracks().length);
    if (!element) return { hertz: 0, level: 0 };
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    context.createMediaStreamSource(element.srcObject).connect(analyser);
    await new Promise((resolve) => { setTimeout(resolve, 350); });
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.reduce((best, level, at) => (level > bins[best] ? at : best), 0);
    const answer = { hertz: (loudest * context.sampleRate) / analyser.fftSize, level: bins[loudest] };
    await context.close();
    return answer;
  });
}

/**
 * Waits until a page hears all of these tones and none of those that it should not.
 * @param {import('playwright-core').Page} shown @param {number[]} wanted @param {number[]} [unwanted] @param {number} [within]
 */
export async function hearsOnly(shown, wanted, unwanted = [], within = PATIENCE_MS) {
  const until = Date.now() + within;
  let last;
  do {
    last = await levels(shown, [...wanted, ...unwanted]);
    const heard = last.slice(0, wanted.length), others = last.slice(wanted.length);
    const faintest = Math.min(...heard);
    if (faintest > -60 && others.every((level) => level < faintest - 20)) return;
  } while (Date.now() < until);
  throw new Error(`${wanted} Hz and not ${unwanted} should be heard, but they are at ${last} dB`);
}

/** How loud a page hears each of these tones, in dB; -200 while nothing is played. @param {import('playwright-core').Page} shown @param {number[]} tones */
function levels(shown, tones) {
  return shown.evaluate(async (wanted) => {
    const stream = document.querySelector('audio')?.srcObject ?? [...document.querySelectorAll('*')].map((element) => element.shadowRoot?.querySelector('audio')?.srcObject).find(Boolean);
    if (!stream?.getAudioTracks().length) return wanted.map(() => -200);
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    context.createMediaStreamSource(stream).connect(analyser);
    await new Promise((resolve) => { setTimeout(resolve, 350); });
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const width = context.sampleRate / analyser.fftSize;
    await context.close();
    return wanted.map((hertz) => Math.max(...bins.slice(Math.round(hertz / width) - 2, Math.round(hertz / width) + 3), -200));
  }, tones);
}

/** Waits until a page hears this tone, or one of these. @param {import('playwright-core').Page} shown @param {number | number[]} hertz @param {number} [within] */
export async function hears(shown, hertz, within = PATIENCE_MS) {
  const until = Date.now() + within;
  let last;
  do {
    last = await heard(shown);
    const { hertz: found, level } = last;
    if (level > -60 && [hertz].flat().some((wanted) => Math.abs(found - wanted) < 25)) return last;
  } while (Date.now() < until);
  throw new Error(`the tone of ${hertz} Hz was not heard, but ${JSON.stringify(last)}`);
}

/** Waits until a page hears nothing. @param {import('playwright-core').Page} shown @param {number} [within] */
export async function hearsNothing(shown, within = PATIENCE_MS) {
  const until = Date.now() + within;
  let last;
  do {
    last = await heard(shown);
    if (last.level !== 0 && last.level < -90) return;
  } while (Date.now() < until);
  throw new Error(`there should be silence, but ${JSON.stringify(last)}`);
}
