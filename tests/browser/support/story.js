/** What persons do on the pages, as steps that several tests take. */

import { until } from './tests.js';

/** Whatever the desk shows then. @param {import('playwright-core').Page} desk @param {string} origin @param {{ agent?: string, token?: string }} [login] */
export async function logIn(desk, origin, { agent = 'anna', token = 'secret' } = {}) {
  await desk.goto(`${origin}/desk/`);
  await desk.fill('#agent', agent);
  await desk.fill('#token', token);
  await desk.keyboard.press('Enter');
}

/** @param {import('playwright-core').Page} desk @param {string} origin @param {{ agent?: string, token?: string }} [login] */
export async function signIn(desk, origin, login) {
  await logIn(desk, origin, login);
  await desk.getByRole('heading', { name: 'You take no calls' }).waitFor();
}

/** Signed in, and free for a call. @param {import('playwright-core').Page} desk @param {string} origin @param {{ agent?: string, token?: string }} [login] */
export async function goAvailable(desk, origin, login) {
  await signIn(desk, origin, login);
  await becomeAvailable(desk);
}

/** From a desk that is signed in. @param {import('playwright-core').Page} desk */
export async function becomeAvailable(desk) {
  await desk.getByText('Your telephone is this page').waitFor();
  await desk.getByRole('button', { name: 'Go available' }).click();
  await desk.getByRole('heading', { name: 'You are available' }).waitFor();
}

/** To the channels of the widget. @param {import('playwright-core').Page} shop @param {string} origin @param {string} [reason] */
export async function askForHelp(shop, origin, reason = 'It has not arrived') {
  await shop.goto(origin);
  await shop.locator('[data-order="A-1001"]').click();
  await shop.getByText(reason).click();
  await shop.getByRole('button', { name: 'Contact us' }).click();
  await shop.getByRole('heading', { name: 'How would you like to reach us?' }).waitFor();
}

/** @param {import('playwright-core').Page} shop */
export async function callFromBrowser(shop) {
  await shop.locator('[data-kind="call_browser"]').click();
}

/** @param {import('playwright-core').Page} desk */
export async function answer(desk) {
  await desk.locator('[data-id="answer"]').click();
  await connected(desk);
}

/** @param {import('playwright-core').Page} desk */
export async function connected(desk) {
  await until(async () => (await state(desk)) === 'Connected', 'the desk says Connected');
}

/** What the chip of the call says. @param {import('playwright-core').Page} desk */
export async function state(desk) {
  const [words] = await desk.locator('[data-id="call-state"]').allTextContents();
  return words ?? '';
}
