/** What goes wrong in browsers at the real server: the person is told, the log has it by its name, and a call of others goes on. */

import assert from 'node:assert/strict';
import { hears, launch, page } from './support/browser.js';
import { serve } from './support/files.js';
import { AGENT, CUSTOMER, THIRD, meeting, talk, wrapUp } from './support/meeting.js';
import { askForHelp, callFromBrowser, logIn } from './support/story.js';
import { inLane, until } from './support/tests.js';

const test = inLane('real');

test('real: whatever goes wrong in a browser is told to its person and named in the log, and touches no call of others', () => meeting(async ({ server, desk, shop, open, anna }) => {
  await talk(server, desk, shop, anna);
  const logged = (cause) => until(() => server.run.said.includes(`cause="${cause}"`), `the log has ${cause}`);
  const other = await open(THIRD);
  await withoutMicrophone(other, server, logged);
  await withManyCandidates(other, server);
  await withoutWebRtc(other, server, logged);
  await withWrongToken(other, server, logged);
  await flooding(other, server, logged);
  if (!process.env.PAGES) await ofAnotherSite(other, server, logged);
  const wrong = server.run.said.split('cause="wrong-token"').length;
  await logIn(other, server.origin, { agent: 'ben', token: 'wrong' });
  await other.getByText('The agent or the token is wrong').waitFor();
  await until(() => server.run.said.split('cause="wrong-token"').length > wrong, 'the log has the desk');
  await Promise.all([hears(desk, CUSTOMER), hears(shop, AGENT)]);
  await desk.locator('[data-id="end"]').click();
  await wrapUp(desk, 'Heard nothing of it.');
}));

async function withoutMicrophone(shown, server, logged) {
  await askForHelp(shown, server.shop);
  await shown.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError')); });
  await callFromBrowser(shown);
  await shown.getByText('The microphone is blocked').waitFor();
  await logged('microphone-refused');
}

/** Taken, as the first of those that wait. */
async function withManyCandidates(shown, server) {
  await askForHelp(shown, server.shop);
  await describe(shown, (sdp) => sdp + Array.from({ length: 200 }, (_, at) => `a=candidate:${at} 1 udp 1 192.0.2.${at} ${40_000 + at} typ host\r\n`).join(''));
  await callFromBrowser(shown);
  await shown.getByText('You are number 1').first().waitFor();
  await shown.locator('[data-id="hang-up"]').click();
  await shown.getByRole('heading', { name: 'How would you like to reach us?' }).waitFor();
}

async function withoutWebRtc(shown, server, logged) {
  const other = await page(await launch(THIRD));
  await other.addInitScript(() => { delete window.RTCPeerConnection; });
  await askForHelp(other, server.shop);
  await other.getByText('This browser cannot make calls').waitFor();
  await logged('no-webrtc');
  await other.context().close();
}

async function withWrongToken(shown, server, logged) {
  await shown.route('**/help/intent', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), token: 'tok_nonsense' } });
  });
  await shown.goto(server.shop);
  await shown.locator('[data-order="A-1001"]').click();
  await shown.getByText('It has not arrived').click();
  await shown.getByRole('button', { name: 'Contact us' }).click();
  await shown.getByText('This contact has expired').waitFor();
  await logged('wrong-token');
  await shown.unroute('**/help/intent');
}

async function flooding(shown, server, logged) {
  const { data } = await server.api('POST', '/v1/intents', { customer: { id: 'c-7', name: 'Bo Example', email: 'bo@shop.example.com', phones: [] }, reason: { category: 'delivery' } });
  const closed = await shown.evaluate((url) => new Promise((resolve) => {
    const socket = new WebSocket(url, 'sip');
    socket.onopen = () => { for (let at = 0; at < 400; at += 1) socket.send('\r\n\r\n'); };
    socket.onclose = ({ code, reason }) => resolve([code, reason]);
  }), `${server.origin.replace('http', 'ws')}/sip?token=${data.token}`);
  // What was still on its way when the server closed can cost the closing words.
  assert.ok([1006, 1008].includes(closed[0]), closed.join());
  await logged('too-many-messages');
  await server.api('DELETE', `/v1/intents/${data.id}`);
}

/** Not with pages of the checkout: what they are put in the place of is then asked for by the test, which has no origin. */
async function ofAnotherSite(shown, server, logged) {
  const html = `<!doctype html><title>elsewhere</title><throughline-contact></throughline-contact><script src="${server.origin}/widget.js" defer></script>`;
  const site = await serve((_, response, path) => path === '/' && Boolean(response.writeHead(200, { 'content-type': 'text/html' }).end(html)), server.origin);
  await shown.goto(site.origin);
  await shown.getByText('We cannot be reached through this page').waitFor();
  await logged('foreign-origin');
  site.server.closeAllConnections();
  site.server.close();
}

/** What the page says of its sound is changed on its way. @param {import('playwright-core').Page} shown @param {(sdp: string) => string} change */
async function describe(shown, change) {
  await shown.evaluate(`(() => {
    const { get } = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'localDescription');
    Object.defineProperty(RTCPeerConnection.prototype, 'localDescription', { get() {
      const { type, sdp } = get.call(this);
      return { type, sdp: (${change})(sdp) };
    } });
  })()`);
}
