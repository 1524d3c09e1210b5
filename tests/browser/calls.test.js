/** Calls through the real server, with sound: customers and agents in browsers. */

import assert from 'node:assert/strict';
import { closeAll, hears, hearsNothing, launch, leave, page, picture } from './support/browser.js';
import { meeting, talk, world, wrapUp } from './support/meeting.js';
import { demo } from './support/server.js';
import { answer, askForHelp, becomeAvailable, callFromBrowser, connected, goAvailable, logIn, state } from './support/story.js';
import { inLane, until } from './support/tests.js';

const test = inLane('real');

test('real: from the click to the case, with sound both ways, mute, hold and keys', () => meeting(async ({ server, desk, shop, anna }) => {
  await talk(server, desk, shop, anna);
  await desk.getByText('V3').first().waitFor();
  await desk.getByText('a customer of ours').waitFor();
  await desk.getByRole('heading', { name: 'Ada Example' }).first().waitFor();
  await shop.getByText('Connected with').first().waitFor();
  await picture(desk, 'real-desk-talking');
  await picture(shop, 'real-shop-talking');
  for (const [muted, listens, hertz] of [[desk, shop, 440], [shop, desk, 880]]) {
    await muted.locator('[data-id="mute"]').click();
    await hearsNothing(listens);
    await muted.locator('[data-id="mute"]').click();
    await hears(listens, hertz);
  }
  await desk.locator('[data-id="hold"]').click();
  await until(async () => (await state(desk)) === 'On hold', 'held');
  await shop.getByText('You are on hold').first().waitFor();
  await desk.locator('[data-id="hold"]').click();
  await connected(desk);
  await Promise.all([hears(desk, 880), hears(shop, 440)]);
  await shop.locator('[data-id="keypad"]').click();
  // 770 and 1336 Hz; a browser plays the keys that it receives as events.
  let isHeard = false;
  const heardKey = hears(desk, [770, 1336]).finally(() => { isHeard = true; });
  while (!isHeard) await shop.getByRole('group', { name: 'Keypad' }).getByRole('button', { name: '5' }).click({ delay: 100 });
  await heardKey;
  await desk.locator('[data-id="end"]').click();
  await shop.getByText('Thank you for calling').waitFor();
  await wrapUp(desk, 'A new lamp comes on Friday.');
  await shop.getByText('‹ My Stuff').click();
  await shop.getByText('A new lamp comes on Friday.').first().waitFor();
  await picture(shop, 'real-shop-case');
  const [call] = await server.calls();
  assert.deepEqual([call.trunk, call.level, call.agent], ['(web)', 'V3', 'anna']);
  const stages = Object.fromEntries(call.stages.map(({ stage, us }) => [stage, us]));
  assert.ok(stages.invite_to_pop_acknowledged < stages.invite_to_agent_ringing, 'the pop is drawn before the ring');
  assert.deepEqual(desk.problems, []);
  assert.deepEqual(shop.problems, []);
}));

test('real: the desk is reloaded in the middle of a call and comes back to it; another window takes it over', () => meeting(async ({ server, desk, shop, anna }) => {
  await talk(server, desk, shop, anna);
  await desk.reload();
  await connected(desk);
  await Promise.all([hears(desk, 880), hears(shop, 440)]);
  assert.equal((await server.calls()).filter(({ phase }) => phase === 'talking').length, 1);
  // Another window of the same browser takes the call over.
  const window = await desk.context().newPage();
  await logIn(window, server.origin, anna);
  await desk.getByText('Your desk is open in another window').waitFor();
  await window.getByRole('button', { name: 'Move the call here' }).click();
  await connected(window);
  await Promise.all([hears(window, 880), hears(shop, 440)]);
  await until(async () => (await desk.locator('[data-id="end"]').count()) === 0, 'the first window has the call no more');
  assert.equal((await server.calls()).filter(({ phase }) => phase === 'talking').length, 1);
  await shop.locator('[data-id="hang-up"]').click();
  await wrapUp(window, 'Reloaded, moved, and spoken on.');
}));

test('real: a page that is slow to come back to its call meets the server that calls it, and the call goes on', () => meeting(async ({ server, desk, shop, anna }) => {
  await talk(server, desk, shop, anna);
  // The server's INVITE arrives only when the page has sent its own.
  const held = [];
  let hasCalled = false;
  await desk.routeWebSocket(/\/sip/, (socket) => {
    const line = socket.connectToServer();
    line.onMessage((message) => (String(message).startsWith('INVITE') && !hasCalled ? void held.push(() => socket.send(message)) : socket.send(message)));
    socket.onMessage((message) => {
      line.send(message);
      hasCalled ||= String(message).startsWith('INVITE');
      if (hasCalled) for (const give of held.splice(0)) give();
    });
  });
  await desk.reload();
  await connected(desk);
  await Promise.all([hears(desk, 880), hears(shop, 440)]);
  assert.ok(hasCalled, 'the page has called too');
  assert.equal((await server.calls()).filter(({ phase }) => phase === 'talking').length, 1);
  await desk.locator('[data-id="end"]').click();
  await shop.getByText('Thank you for calling').waitFor();
}));

test('real: websockets are cut for 10 s, the sound goes on, and the call ends as it should', () => meeting(async ({ server, desk, shop, anna }) => {
  const lines = await Promise.all([breakable(desk), breakable(shop)]);
  await talk(server, desk, shop, anna);
  const back = new Promise((resolve) => { setTimeout(resolve, 10_000); });
  for (const line of lines) line.cut();
  await desk.getByText('Your call goes on').waitFor();
  await shop.getByText('You can go on speaking').waitFor();
  await Promise.all([hears(desk, 880), hears(shop, 440)]);
  await back;
  for (const line of lines) line.mend();
  // The desk's own connection and its telephone's come back one by one.
  await desk.getByText('Your call goes on').waitFor({ state: 'detached' });
  await shop.getByText('You can go on speaking').waitFor({ state: 'detached' });
  await Promise.all([hears(desk, 880), hears(shop, 440)]);
  await desk.locator('[data-id="end"]').click();
  await shop.getByText('Thank you for calling').waitFor();
}));

test('real: whoever ends or holds a call while the telephone is cut has it done when it is back', () => meeting(async ({ server, desk, shop, anna }) => {
  const lines = [await breakable(desk, /\/sip/), await breakable(shop, /\/sip/)], [ofDesk, ofShop] = lines;
  const cut = async () => {
    for (const line of lines) line.cut();
    await desk.getByText('Your telephone is interrupted').waitFor();
    await shop.getByText('You can go on speaking').waitFor();
  };
  await talk(server, desk, shop, anna);
  await cut();
  await desk.locator('[data-id="hold"]').click();
  await until(async () => (await state(desk)) === 'Holding…', 'the desk waits with the hold');
  await hearsNothing(shop);
  // It counts though the customer's telephone is away still; their page is told by the server, and the telephone when it is back.
  ofDesk.mend();
  await until(async () => (await state(desk)) === 'On hold', 'held');
  await shop.getByText('You are on hold').first().waitFor();
  await shop.getByText('You can go on speaking').waitFor();
  ofShop.mend();
  await shop.getByText('You can go on speaking').waitFor({ state: 'detached' });
  await shop.getByText('You are on hold').first().waitFor();
  await cut();
  await desk.locator('[data-id="end"]').click();
  await desk.getByText('For them it ends as soon as your telephone is connected').waitFor();
  await picture(desk, 'real-desk-ending');
  lines.forEach((line) => line.mend());
  await wrapUp(desk, 'Ended while the telephone was away.');
  assert.equal((await server.calls())[0].ended_by, 'agent');
  await shop.getByText('Thank you for calling').waitFor();
  // The same for the customer.
  await askForHelp(shop, server.shop);
  await callFromBrowser(shop);
  await answer(desk);
  await Promise.all([hears(desk, 880), hears(shop, 440)]);
  await cut();
  await shop.locator('[data-id="hang-up"]').click();
  await shop.getByText('Thank you for calling').waitFor();
  assert.equal((await server.calls()).filter(({ phase }) => phase === 'talking').length, 1, 'the server does not know it yet');
  lines.forEach((line) => line.mend());
  await wrapUp(desk, 'Hung up while the line was away.');
  assert.equal((await server.calls())[0].ended_by, 'caller');
}));

test('real: two windows of one agent: the newer has the calls, the older says so', () => meeting(async ({ server, desk, shop, anna }) => {
  await goAvailable(desk, server.origin, anna);
  const second = await page(await launch(440));
  await logIn(second, server.origin, anna);
  await desk.getByText('Your desk is open in another window').waitFor();
  await second.getByText('Your telephone is this page').waitFor();
  await second.getByRole('heading', { name: 'You are available' }).waitFor();
  await askForHelp(shop, server.shop);
  await callFromBrowser(shop);
  await answer(second);
  await Promise.all([hears(second, 880), hears(shop, 440)]);
  assert.equal(await desk.locator('[data-id="answer"]').count(), 0);
  await shop.locator('[data-id="hang-up"]').click();
  await wrapUp(second, 'Two windows, one call.');
  await leave(second);
}));

test('real: a call is passed on to another desk, with its pop; the caller stays', () => meeting(async ({ server, desk, shop, anna }) => {
  await talk(server, desk, shop, anna);
  const ben = await page(await launch(440));
  await goAvailable(ben, server.origin, { agent: 'ben', token: server.tokens.ben });
  await desk.locator('[data-id="transfer"]').click();
  await desk.fill('#transfer-to', 'ben');
  await desk.keyboard.press('Enter');
  await ben.getByRole('heading', { name: 'Ada Example' }).first().waitFor();
  await answer(ben);
  await Promise.all([hears(ben, 880), hears(shop, 440)]);
  await desk.getByRole('heading', { name: 'How did it go?' }).waitFor();
  await ben.locator('[data-id="end"]').click();
  await shop.getByText('Thank you for calling').waitFor();
  await leave(ben);
}));

test('real: the customer hangs up while it rings, and the desk says so', () => meeting(async ({ server, desk, shop, anna }) => {
  await goAvailable(desk, server.origin, anna);
  await askForHelp(shop, server.shop);
  await callFromBrowser(shop);
  await desk.locator('[data-id="answer"]').waitFor();
  await shop.locator('[data-id="hang-up"]').click();
  await desk.getByText('The call is gone').waitFor();
  await shop.getByRole('heading', { name: 'How would you like to reach us?' }).waitFor();
}));

test('real: a wrong token of a desk is refused in words, a wrong key of a board too', async () => {
  const server = await world();
  const shown = await page(await launch(440));
  await logIn(shown, server.origin, { agent: 'anna', token: 'wrong' });
  await shown.getByText('The agent or the token is wrong').waitFor();
  await shown.goto(`${server.origin}/board/#key=wrong`);
  await shown.getByText('This key may not read the board.').waitFor();
  await leave(shown);
});

test('real: the board shows a call as it moves', () => meeting(async ({ server, desk, shop, anna }) => {
  const board = await page(await launch(440));
  await board.goto(`${server.origin}/board/#key=${server.key}`);
  await board.getByText('Live', { exact: true }).waitFor();
  await talk(server, desk, shop, anna);
  await board.locator('.lane', { hasText: 'Talking' }).getByText('anna').waitFor();
  await board.locator('.person.on-call', { hasText: 'anna' }).waitFor();
  await board.locator('#lately').getByText('talking', { exact: true }).waitFor();
  await picture(board, 'real-board');
  await shop.locator('[data-id="hang-up"]').click();
  await desk.getByRole('heading', { name: 'How did it go?' }).waitFor();
  await board.locator('.person.wrap-up', { hasText: 'anna' }).waitFor();
  await board.getByRole('button', { name: /^Why/ }).first().click();
  await board.getByRole('dialog').getByText('a customer of ours').waitFor();
  await picture(board, 'real-board-why');
  assert.deepEqual(board.problems, []);
  await leave(board);
}));

test('demo: its three links are all it takes, a simulated telephone too', async () => {
  const { run, shop, desk: link, board } = await demo();
  const desk = await page(await launch(440)), customer = await page(await launch(880)), shown = await page(await launch(440));
  try {
    await shown.goto(board);
    await shown.getByText('Live', { exact: true }).waitFor();
    await desk.goto(link);
    await becomeAvailable(desk);
    await askForHelp(customer, shop);
    await callFromBrowser(customer);
    await answer(desk);
    await Promise.all([hears(desk, 880), hears(customer, 440)]);
    await customer.locator('[data-id="hang-up"]').click();
    await wrapUp(desk, 'Heard and seen.');
    await customer.getByText('‹ My Stuff').click();
    await customer.getByText('Heard and seen.').first().waitFor();
    await askForHelp(customer, shop);
    await customer.locator('[data-kind="call_phone"]').click();
    await customer.getByText('Let a simulated phone dial it').click();
    await answer(desk);
    await customer.getByText('Connected with').first().waitFor();
    await picture(customer, 'demo-shop');
    await picture(desk, 'demo-desk');
    await picture(shown, 'demo-board');
    await desk.locator('[data-id="end"]').click();
    await wrapUp(desk, 'By telephone this time.');
    // Whoever can wait is called back, by a simulated telephone's carrier.
    await askForHelp(customer, shop, 'I want to send it back');
    assert.deepEqual(await customer.locator('[data-kind]').evaluateAll((all) => all.map(({ dataset }) => dataset.kind)), ['callback', 'form']);
    await customer.locator('[data-kind="callback"]').click();
    await customer.locator('[data-id="call-me"]').click();
    await desk.getByText('You are calling back').waitFor();
    await answer(desk);
    await customer.getByText('Connected with').first().waitFor();
    await hears(desk, 620);
    await desk.locator('[data-id="end"]').click();
  } finally {
    await leave(desk, customer, shown);
    await run.stop();
  }
});

// In Chromium as everything here, but in processes that are started for it: those that other tests have used are closed first, with what they
// still hold back or do, and nothing runs beside it.
inLane('alone')('figures: from the click to the pop, and from the answer to sound both ways', () => closeAll().then(() => meeting(async ({ server, desk, shop, anna }) => {
  await goAvailable(desk, server.origin, anna);
  await askForHelp(shop, server.shop);
  const popped = desk.evaluate(() => new Promise((resolve) => {
    new MutationObserver(() => { if (document.querySelector('.pop .facts')) requestAnimationFrame(() => resolve(Date.now())); }).observe(document.getElementById('pop'), { childList: true, subtree: true });
  }));
  const clicked = shop.evaluate(() => new Promise((resolve) => { addEventListener('click', () => resolve(Date.now()), { capture: true, once: true }); }));
  await callFromBrowser(shop);
  await desk.locator('[data-id="answer"]').waitFor();
  const first = [firstSound(desk), firstSound(shop)];
  const answered = desk.evaluate(() => new Promise((resolve) => { addEventListener('click', () => resolve(Date.now()), { capture: true, once: true }); }));
  await answer(desk);
  const sound = Math.max(...(await Promise.all(first)));
  console.log(`note: in Chromium on this machine as it is now: ${(await popped) - (await clicked)} ms from the click to the pop, ${sound - (await answered)} ms from the answer to sound both ways`);
  await shop.locator('[data-id="hang-up"]').click();
  await wrapUp(desk, 'Measured.');
})));

/** When a page plays the first sound of the other side. */
function firstSound(shown) {
  return shown.evaluate(() => new Promise((resolve) => {
    const context = new AudioContext(), samples = new Float32Array(512);
    let analyser = null;
    const look = () => {
      const roots = [document, ...[...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean)];
      const element = roots.flatMap((root) => [...root.querySelectorAll('audio')]).find((audio) => audio.srcObject);
      if (element && !analyser) {
        analyser = context.createAnalyser();
        analyser.fftSize = 512;
        context.createMediaStreamSource(element.srcObject).connect(analyser);
      }
      analyser?.getFloatTimeDomainData(samples);
      if (samples.some((sample) => Math.abs(sample) > 0.005)) resolve(Date.now());
      else setTimeout(look, 5);
    };
    look();
  }));
}

/** Websockets of a page that can be cut, and refused until they are mended. */
async function breakable(shown, which = /\/(sip|v1\/desktop)/) {
  const open = new Set();
  let isCut = false;
  await shown.routeWebSocket(which, (socket) => {
    if (isCut) return void socket.close();
    const server = socket.connectToServer();
    const line = { socket, server };
    open.add(line);
    return undefined;
  });
  return {
    cut() {
      isCut = true;
      for (const { socket, server } of open) { void socket.close().catch(() => {}); void server.close().catch(() => {}); }
      open.clear();
    },
    mend() { isCut = false; },
  };
}
