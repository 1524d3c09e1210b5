/** The pages against a server that only pretends: what goes wrong on request, and what the person is told. */

import assert from 'node:assert/strict';
import { hears, launch, leave, page, picture } from './support/browser.js';
import { POP, Pretend } from './support/pretend.js';
import { answer, askForHelp, callFromBrowser, connected, goAvailable, signIn, state } from './support/story.js';
import { inLane, until } from './support/tests.js';

const test = inLane('pretend');

/** A desk and a shop in browsers with different tones, and a server. @param {(world: { desk: any, shop: any, server: Pretend }) => Promise<void>} body */
async function world(body) {
  const server = await new Pretend().start();
  const desk = await page(await launch(440)), shop = await page(await launch(880));
  try {
    await body({ desk, shop, server });
  } finally {
    await leave(desk, shop);
    server.stop();
  }
}

const count = (server, type) => server.heard.filter((message) => message.type === type).length;

test('desk and shop: a call with both tones, hold, keys, transfer, wrap-up, case', () => world(async ({ desk, shop, server }) => {
  await goAvailable(desk, server.origin);
  await askForHelp(shop, server.origin);
  await callFromBrowser(shop);
  await desk.locator('[data-id="answer"]').waitFor();
  const order = server.heard.map(({ type }) => type);
  assert.ok(order.indexOf('pop_drawn') < order.indexOf('sip 180'), 'the pop is drawn before the ring');
  await answer(desk);
  await Promise.all([hears(desk, 880), hears(shop, 440)]);
  // Looking at the orders ends no call, and another reason is not chosen in the middle of one.
  assert.ok(await shop.getByLabel('It is broken').isDisabled());
  await shop.getByText('‹ My Stuff').click();
  await shop.locator('[data-order="A-0987"]').click();
  await shop.getByText('You are in a call').waitFor();
  await hears(shop, 440);
  await desk.locator('[data-id="hold"]').click();
  await until(async () => (await state(desk)) === 'On hold', 'held');
  await desk.locator('[data-id="hold"]').click();
  await connected(desk);
  await hears(shop, 440);
  await desk.getByLabel('Notes').fill('Ben sends');
  await desk.locator('[data-id="keypad"]').click();
  await desk.getByRole('group', { name: 'Keypad' }).getByRole('button', { name: '5' }).click();
  assert.equal(await desk.locator('.drawer output').textContent(), '5');
  await desk.locator('[data-id="transfer"]').click();
  await desk.fill('#transfer-to', 'ben');
  await desk.keyboard.press('Enter');
  await desk.getByText('ben has the call.').waitFor();
  const refer = server.heard.find(({ type }) => type === 'sip REFER').request;
  assert.ok(refer.headers.some(([name, value]) => name === 'refer-to' && value === '<sip:ben@throughline.example.com>'));
  await desk.getByRole('heading', { name: 'How did it go?' }).waitFor();
  await desk.getByText(/^4:\d\d left$/).waitFor();
  await desk.getByText('Passed on', { exact: true }).click();
  assert.equal(await desk.locator('#summary').inputValue(), 'Ben sends', 'what was written down during the call');
  await desk.fill('#summary', 'Ben sends a new lamp.');
  assert.equal(count(server, 'wrap_up'), 0);
  server.offer({ ...POP, call: 'call_0000000000008', fence: 4 });
  await desk.getByText('The wrap-up of Ada Example was saved as it stood').waitFor();
  const { call, outcome, summary } = server.heard.find(({ type }) => type === 'wrap_up');
  assert.deepEqual([call, outcome, summary], [POP.call, 'passed-on', 'Ben sends a new lamp.']);
  await desk.reload();
  await desk.locator('.recent').getByText('passed on').waitFor();
  assert.deepEqual(desk.problems, []);
  assert.deepEqual(shop.problems, []);
}));

test('desk: a recording that pauses, somebody who is asked first, and what a supervisor sees', () => world(async ({ desk, shop, server }) => {
  server.supervises = ['delivery'];
  await goAvailable(desk, server.origin);
  await desk.getByText('Nobody talks in your queues now').waitFor();
  await until(() => count(server, 'watch_calls'), 'the calls are asked for');
  await askForHelp(shop, server.origin);
  await callFromBrowser(shop);
  await answer(desk);
  const { call } = POP;
  server.tell({ type: 'recording', call, state: 'on' });
  await desk.locator('[data-id="recording"]').getByText('Recording', { exact: true }).waitFor();
  await desk.getByRole('button', { name: 'Pause recording' }).click();
  await until(() => server.heard.some(({ type, paused }) => type === 'recording' && paused), 'a pause is asked for');
  server.tell({ type: 'recording', call, state: 'paused' });
  await desk.getByText('Recording paused', { exact: true }).waitFor();
  await desk.getByRole('button', { name: 'Resume recording' }).click();
  await until(() => server.heard.some(({ type, paused }) => type === 'recording' && paused === false), 'it is to go on');
  await desk.getByRole('button', { name: 'Ask first' }).click();
  const colleagues = desk.getByRole('list', { name: 'Colleagues' }).getByRole('button');
  await colleagues.first().waitFor();
  assert.deepEqual(await colleagues.allTextContents(), ['benfree', 'cemon a call', 'danaon a break (lunch)']);
  await picture(desk, 'desk-colleagues');
  await colleagues.first().click();
  await desk.keyboard.press('Enter');
  await until(() => server.heard.some(({ type, act, to }) => type === 'consult' && act === 'ask' && to === 'ben'), 'ben is asked');
  server.tell({ type: 'consultation', call, to: 'ben', state: 'consulting' });
  await desk.getByText('You speak with ben; the caller waits').waitFor();
  await picture(desk, 'desk-consulting');
  await desk.getByRole('button', { name: 'Give ben the call' }).click();
  await until(() => server.heard.some(({ type, act }) => type === 'consult' && act === 'complete'), 'the call is passed on');
  server.tell({ type: 'consultation', call, to: 'ben', state: 'over', why: 'they cannot take the call now' });
  await desk.getByText('ben cannot be asked').waitFor();
  const other = 'call_0000000000008';
  server.show([{ call: other, agent: 'cem', queue: 'delivery', talked_ms: 61_000 }, { call: 'call_0000000000009', agent: 'dana', queue: 'delivery', talked_ms: 5_000, by: 'eve' }]);
  await desk.getByText('1:01').waitFor();
  const supervise = desk.getByRole('group', { name: 'Supervise cem' });
  await supervise.getByRole('button', { name: 'Whisper' }).click();
  await until(() => server.heard.some(({ type, act, call: of }) => type === 'supervise' && act === 'whisper' && of === other), 'a whisper is asked for');
  server.tell({ type: 'supervision', call: other, state: 'whispering' });
  await desk.locator('[data-id="watch-state"]').getByText('Only the agent hears you').waitFor();
  await picture(desk, 'desk-supervisor');
  assert.equal(await desk.getByRole('group', { name: 'Supervise dana' }).getByRole('button', { name: 'Listen' }).isDisabled(), true);
  server.tell({ type: 'supervision', call: other, state: 'over', why: 'the call is over' });
  await desk.getByText('You are not with the call').waitFor();
  assert.deepEqual(desk.problems, []);
}));

test('shop: a refused microphone says what to do, and the call can be made then', () => world(async ({ shop, server, desk }) => {
  await goAvailable(desk, server.origin);
  await askForHelp(shop, server.origin);
  await shop.evaluate(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (asked) => (window.allowed ? real(asked) : Promise.reject(new DOMException('no', 'NotAllowedError')));
  });
  await callFromBrowser(shop);
  await shop.getByText('The microphone is blocked').waitFor();
  await picture(shop, 'shop-microphone-refused');
  assert.equal(count(server, 'sip INVITE'), 0);
  await shop.evaluate(() => { window.allowed = true; });
  await shop.getByRole('button', { name: 'Try again' }).click();
  await desk.locator('[data-id="answer"]').waitFor();
}));

test('shop: without WebRTC the browser call is not offered', () => world(async ({ shop, server }) => {
  await shop.addInitScript(() => { delete window.RTCPeerConnection; });
  await askForHelp(shop, server.origin);
  assert.ok(await shop.locator('[data-kind="call_browser"]').isDisabled());
  await shop.locator('[data-kind="call_phone"]').click();
  await shop.getByText('+1 201 555 0123').waitFor();
}));

test('shop: an expired token says so and begins again', () => world(async ({ shop, server }) => {
  server.faults.liveStatus = 401;
  await shop.goto(server.origin);
  await shop.locator('[data-order="A-1001"]').click();
  await shop.getByText('It has not arrived').click();
  await shop.getByRole('button', { name: 'Contact us' }).click();
  await shop.getByText('This contact has expired').waitFor();
  server.faults.liveStatus = 0;
  await shop.getByRole('button', { name: 'Begin again' }).click();
  await shop.getByRole('heading', { name: 'How would you like to reach us?' }).waitFor();
}));

test('shop: a call whose sound cannot be agreed on says so', () => world(async ({ shop, server }) => {
  server.faults.refuseWith = 488;
  await askForHelp(shop, server.origin);
  await callFromBrowser(shop);
  await shop.getByText('do not understand each other').waitFor();
  await until(() => server.heard.some(({ type, code }) => type === 'trouble' && code === 'no-codec'), 'the server is told');
  await picture(shop, 'shop-no-codec');
}));

test('shop: a server that has too much to do for a moment is asked again, and told of when that lasts', () => world(async ({ shop, desk, server }) => {
  await goAvailable(desk, server.origin);
  await askForHelp(shop, server.origin);
  server.faults.busyFor = 3;
  await callFromBrowser(shop);
  await shop.getByText('Too many people are calling at this moment').waitFor();
  server.faults.busyFor = 1;
  await shop.getByRole('button', { name: 'Try again' }).click();
  await desk.locator('[data-id="answer"]').waitFor();
  await shop.locator('[data-id="hang-up"]').click();
}));

test('shop: a refused websocket is told, and nothing hangs', () => world(async ({ shop, server }) => {
  server.faults.refuseSip = true;
  await askForHelp(shop, server.origin);
  await callFromBrowser(shop);
  await shop.getByText('This contact has expired').waitFor();
}));

test('shop and desk: ICE that never completes ends with a message on both sides', () => world(async ({ shop, desk, server }) => {
  server.faults.breakIce = true;
  await goAvailable(desk, server.origin);
  await askForHelp(shop, server.origin);
  await callFromBrowser(shop);
  await desk.locator('[data-id="answer"]').click();
  await shop.getByText('No sound could be set up').waitFor();
  assert.equal(await shop.getByText('Thank you for calling').count(), 0);
  await picture(shop, 'shop-no-sound');
  await desk.getByText('The call ended: there was no sound').waitFor();
  await until(() => server.heard.filter(({ type, code }) => type === 'trouble' && code === 'no-sound').length >= 2, 'both pages tell the server');
  await desk.getByRole('heading', { name: 'How did it go?' }).waitFor();
}));

test('shop: progress, place, question and message as the live stream says', () => world(async ({ shop, server }) => {
  await askForHelp(shop, server.origin);
  await shop.locator('[data-kind="call_phone"]').click();
  server.tellLive({ state: 'waiting', position: 2, expected_wait_s: 140 });
  const told = shop.locator('throughline-contact [role="status"]').getByText('You are number');
  await told.getByText('You are number 2, about 2 minutes to wait.').waitFor();
  server.tellLive({ state: 'waiting', position: 2, expected_wait_s: 60 });
  await shop.locator('.step').getByText('You are number 2, about a minute to wait.').waitFor();
  assert.equal(await told.textContent(), 'You are number 2, about 2 minutes to wait.', 'a wait that changes is not told anew');
  await picture(shop, 'shop-waiting');
  server.tellLive({ state: 'confirm', level: 'V1' });
  await shop.getByRole('button', { name: 'Yes, that is me' }).click();
  await until(() => count(server, 'confirm'), 'the confirmation');
  server.tellLive({ state: 'agent_reading', agent: 'Anna' });
  await shop.getByText('Anna is reading your case').first().waitFor();
  server.tellLive({ state: 'connected', agent: 'Anna' });
  await shop.getByText('Connected with Anna').first().waitFor();
  server.tellLive({ state: 'ended' });
  await shop.getByText('Thank you for calling').waitFor();
  await shop.getByRole('button', { name: 'Something else' }).click();
  await shop.locator('[data-kind="form"]').click();
  await shop.getByLabel('Your message').fill('Where is it?');
  await shop.getByRole('button', { name: 'Send' }).click();
  await shop.getByText('Your message is with us').waitFor();
}));

test('desk: a wrong token, a refused microphone, what opens a locked field', () => world(async ({ desk, server }) => {
  await desk.addInitScript(() => {
    window.told = [];
    window.Notification = class { static permission = 'default'; static async requestPermission() { return (this.permission = 'granted'); } constructor(...all) { window.told.push(all); } close() { window.told.push('closed'); } };
    document.hasFocus = () => false;
  });
  await desk.goto(`${server.origin}/desk/`);
  await desk.fill('#agent', 'anna');
  await desk.fill('#token', 'wrong');
  await desk.keyboard.press('Enter');
  await desk.getByText('The agent or the token is wrong').waitFor();
  await signIn(desk, server.origin);
  await desk.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError')); });
  await desk.getByRole('button', { name: 'Go available' }).click();
  await desk.getByText('The microphone is blocked').waitFor();
  await picture(desk, 'desk-microphone-refused');
  await until(() => server.heard.some(({ type, code }) => type === 'trouble' && code === 'microphone-refused'), 'the server is told');
  assert.equal(count(server, 'set_state'), 0);
  await desk.getByLabel('Show a notification').check();
  server.offer();
  await desk.getByText('Please confirm the call there').waitFor();
  assert.deepEqual(await desk.evaluate(() => [document.title, window.told[0][0], window.told[0][1].body]), ['Call: Ada Example', 'Call from Ada Example', 'delivery / late · order A-1001: Reading lamp "Marlow"']);
  await until(() => count(server, 'pop_drawn'), 'the pop is drawn');
  server.tell({ ...POP, type: 'pop_updated', level: 'V3', fields: POP.fields.map((field) => (field.locked ? { key: field.key, label: 'Promised', value: 'A call back' } : field)) });
  await desk.locator('.fact.opened').getByText('A call back').waitFor();
  await desk.locator('[data-id="decline"]').click();
  await until(() => count(server, 'decline'), 'declined');
}));

test('desk: a lost connection is told, comes back, and the call goes on', () => world(async ({ desk, shop, server }) => {
  await goAvailable(desk, server.origin);
  await askForHelp(shop, server.origin);
  await callFromBrowser(shop);
  await answer(desk);
  server.faults.isAway = true;
  for (const socket of server.sockets.clients) socket.terminate();
  await desk.getByText('Your call goes on').waitFor();
  await hears(desk, 880);
  server.faults.isAway = false;
  await until(() => count(server, 'sip UPDATE') >= 2, 'both tell where they are now');
  await desk.getByText('Your call goes on').waitFor({ state: 'detached' });
  assert.equal(server.heard.filter(({ type }) => type === 'hello').at(-1).resume.session, '01');
  // To a server that knows nothing of it any more the desk says what its agent was.
  const said = () => server.heard.filter(({ type }) => type === 'set_state');
  await until(() => said().length === 2, 'available again');
  assert.deepEqual(said()[1], { type: 'set_state', state: 'available' });
  await desk.getByText('You are available again').waitFor();
  await hears(shop, 440);
}));

test('desk: a newer window displaces an older one, which says so', () => world(async ({ desk, server }) => {
  await goAvailable(desk, server.origin);
  const second = await page(await launch(440));
  await signIn(second, server.origin);
  await desk.getByText('Your desk is open in another window').waitFor();
  await desk.getByRole('heading', { name: 'This window is at rest' }).waitFor();
  await picture(desk, 'desk-displaced');
  await desk.getByRole('button', { name: 'Use it here' }).click();
  await second.getByText('Your desk is open in another window').waitFor();
  await leave(second);
}));

test('desk: the keyboard alone is enough', () => world(async ({ desk, shop, server }) => {
  await desk.goto(`${server.origin}/desk/`);
  await desk.keyboard.type('anna');
  await desk.keyboard.press('Tab');
  await desk.keyboard.type('secret');
  await desk.keyboard.press('Enter');
  await desk.getByText('Your telephone is this page').waitFor();
  await tabTo(desk, 'Go available');
  await desk.keyboard.press('Enter');
  await desk.getByRole('heading', { name: 'You are available' }).waitFor();
  const focused = (/** @type {string} */ id) => until(() => desk.evaluate(() => document.activeElement?.getAttribute('data-id')).then((found) => found === id), `focus on ${id}`);
  await desk.locator('#states [data-id="break"]').focus();
  await desk.keyboard.press('Enter');
  await desk.keyboard.press('Enter');
  await desk.getByRole('heading', { name: 'You are on a break' }).waitFor();
  await focused('break');
  await desk.keyboard.press('Shift+Tab');
  await desk.keyboard.press('Enter');
  await desk.getByRole('heading', { name: 'You are available' }).waitFor();
  await focused('available');
  await shop.goto(server.origin);
  await tabTo(shop, 'Need help');
  await shop.keyboard.press('Enter');
  await shop.keyboard.press('Tab');
  await shop.keyboard.press('Space');
  await tabTo(shop, 'Contact us');
  await shop.keyboard.press('Enter');
  await shop.getByRole('heading', { name: 'How would you like to reach us?' }).waitFor();
  await tabTo(shop, 'Call from this browser');
  await shop.keyboard.press('Enter');
  // The answer has the focus when it rings.
  await focused('answer');
  await desk.keyboard.press('Enter');
  await connected(desk);
  await tabTo(desk, 'End call');
  await desk.keyboard.press('Enter');
  await desk.getByRole('heading', { name: 'How did it go?' }).waitFor();
  await desk.keyboard.press('Space');
  await tabTo(desk, 'Save and finish');
  await desk.keyboard.press('Enter');
  await desk.getByRole('heading', { name: 'Your calls today' }).waitFor();
}));

/** Presses Tab until this has the focus. @param {import('playwright-core').Page} shown @param {string} text */
async function tabTo(shown, text) {
  for (let presses = 0; presses < 40; presses += 1) {
    await shown.keyboard.press('Tab');
    const name = await shown.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active?.textContent ?? '';
    });
    if (name.includes(text)) return;
  }
  throw new Error(`"${text}" cannot be reached by the keyboard`);
}

test('shop: a callback instead of waiting: number, place, taken back, missed', () => world(async ({ shop, server }) => {
  server.faults.channels = [{ kind: 'call_browser', expected_wait_s: 40 }, { kind: 'callback', expected_wait_s: 40, why: 'we call when it is your turn' }];
  await askForHelp(shop, server.origin);
  await shop.locator('[data-kind="callback"]').click();
  await until(async () => (await shop.getByLabel('Your telephone number').inputValue()) === '+12015550177', 'the number is known');
  await shop.locator('[data-id="call-me"]').click();
  await shop.getByText('You are number 3, about 2 minutes to wait.').first().waitFor();
  const { number, zone } = server.heard.find(({ type }) => type === 'callback');
  assert.equal(number, '+12015550177');
  assert.ok(zone, 'the page says where it is');
  await picture(shop, 'shop-callback');
  server.tellLive({ state: 'callback_waiting', position: 1 });
  await shop.getByText('You are number 1.').first().waitFor();
  await shop.locator('[data-id="take-back"]').click();
  await shop.getByRole('heading', { name: 'How would you like to reach us?' }).waitFor();
  assert.equal(count(server, 'callback taken back'), 1);
  server.tellLive({ state: 'calling_you' });
  await shop.getByRole('heading', { name: 'Your telephone rings' }).waitFor();
  server.tellLive({ state: 'callback_missed' });
  await shop.getByRole('heading', { name: 'We missed you' }).waitFor();
  assert.deepEqual(shop.problems, []);
}));

test('user agent: while a server is away it is asked for, and no websocket is tried that would make Chromium hold back the next', () => world(async ({ desk, server }) => {
  await desk.goto(`${server.origin}/desk/`);
  server.faults.isAway = true;
  const tried = await desk.evaluate(async () => {
    const { DeskSocket } = await import('/web/lib/desk-socket.js');
    const { SipSocket } = await import('/web/lib/sip/socket.js');
    let made = 0;
    window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); made += 1; } };
    const url = `${location.origin.replace('http', 'ws')}/v1/desktop`;
    window.away = [new DeskSocket(url, { agent: 'anna', token: 'secret' }), new SipSocket(async () => url)];
    for (const socket of window.away) socket.open();
    while (window.away.some(({ backoff }) => backoff.attempts < 12)) {
      for (const { backoff } of window.away) backoff.now();
      await new Promise((resolve) => { setTimeout(resolve, 10); });
    }
    return made;
  });
  assert.equal(tried, 2, 'each was tried as a websocket once');
  server.faults.isAway = false;
  await desk.evaluate(() => { for (const { backoff } of window.away) backoff.now(); });
  await until(() => desk.evaluate(() => window.away.every(({ socket }) => socket?.readyState === WebSocket.OPEN)), 'both are back');
}));
