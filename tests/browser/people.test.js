/** More people than two, and what happens around a call, through the real server: who hears whom is measured by tones. */

import assert from 'node:assert/strict';
import { hears, hearsOnly, launch, leave, page, picture } from './support/browser.js';
import { Desk } from './support/desk.js';
import { AGENT, CUSTOMER, THIRD, meeting, talk, wrapUp } from './support/meeting.js';
import { World } from './support/server.js';
import { answer, askForHelp, goAvailable, logIn, signIn } from './support/story.js';
import { inLane, until } from './support/tests.js';

const test = inLane('real');

const SUPERVISED = 'I want to send it back';

test('real: a recording pauses; a supervisor listens, whispers, joins, and takes the call over', () => meeting(async ({ server, desk, shop, open, anna, login }) => {
  const lead = await open(THIRD);
  await signIn(lead, server.origin, login('cleo'));
  await talk(server, desk, shop, anna, SUPERVISED);
  const recording = desk.locator('[data-id="recording"]'), pause = desk.locator('[data-id="pause-recording"]');
  await recording.getByText('Recording', { exact: true }).waitFor();
  await pause.click();
  await recording.getByText('Recording paused').waitFor();
  await pause.click();
  await recording.getByText('Recording', { exact: true }).waitFor();
  const of = (name) => lead.getByRole('group', { name: 'Supervise anna' }).getByRole('button', { name });
  await of('Listen').click();
  await lead.locator('[data-id="watch-state"]').getByText('You listen').waitFor();
  await Promise.all([hearsOnly(lead, [AGENT, CUSTOMER]), hearsOnly(desk, [CUSTOMER], [THIRD]), hearsOnly(shop, [AGENT], [THIRD])]);
  await picture(lead, 'real-supervisor');
  await of('Whisper').click();
  await Promise.all([hearsOnly(lead, [AGENT, CUSTOMER]), hearsOnly(desk, [CUSTOMER, THIRD]), hearsOnly(shop, [AGENT], [THIRD])]);
  await of('Join').click();
  await Promise.all([hearsOnly(lead, [AGENT, CUSTOMER]), hearsOnly(desk, [CUSTOMER, THIRD]), hearsOnly(shop, [AGENT, THIRD])]);
  assert.equal(await lead.locator('[data-id="transfer"]').count(), 0, 'it is not their call yet');
  await of('Take over').click();
  await lead.getByText('You take no calls: go available or on a break first.').waitFor();
  await lead.getByRole('button', { name: 'Break' }).click();
  await lead.getByRole('menuitem').first().click();
  await lead.getByRole('button', { name: 'Break next', pressed: true }).waitFor();
  await of('Take over').click();
  await lead.getByRole('heading', { name: 'Ada Example' }).first().waitFor();
  await Promise.all([hearsOnly(lead, [CUSTOMER], [AGENT]), hearsOnly(shop, [THIRD], [AGENT])]);
  await wrapUp(desk, 'Cleo has taken it over.');
  await shop.locator('[data-id="hang-up"]').click();
  await wrapUp(lead, 'Taken over, and solved.');
  const [call] = await server.calls();
  assert.equal(call.recording.paused.length, 1);
  assert.deepEqual(call.supervised.map(({ by, act }) => `${by} ${act}`), ['cleo listen', 'cleo whisper', 'cleo barge', 'cleo take-over']);
  for (const shown of [desk, lead, shop]) assert.deepEqual(shown.problems, []);
}));

test('real: an agent asks another first, then all three speak, then the call is passed on with its pop', () => meeting(async ({ server, desk, shop, open, anna, login }) => {
  await talk(server, desk, shop, anna, SUPERVISED);
  const ben = await open(THIRD);
  await goAvailable(ben, server.origin, login('ben'));
  await desk.getByRole('button', { name: 'Ask first' }).click();
  await desk.getByRole('button', { name: 'ben free' }).click();
  await desk.keyboard.press('Enter');
  await answer(ben);
  await desk.getByText('You speak with ben; the caller waits').waitFor();
  await Promise.all([hearsOnly(desk, [THIRD], [CUSTOMER]), hearsOnly(ben, [AGENT], [CUSTOMER])]);
  await picture(desk, 'real-asking-first');
  await desk.locator('[data-id="consult-swap"]').click();
  await Promise.all([hearsOnly(desk, [CUSTOMER], [THIRD]), hearsOnly(shop, [AGENT], [THIRD])]);
  await desk.locator('[data-id="consult-join"]').click();
  await Promise.all([hearsOnly(desk, [CUSTOMER, THIRD]), hearsOnly(ben, [AGENT, CUSTOMER]), hearsOnly(shop, [AGENT, THIRD])]);
  await desk.getByRole('button', { name: 'Give ben the call' }).click();
  await ben.getByRole('heading', { name: 'Ada Example' }).first().waitFor();
  await ben.getByText('passed on by anna').waitFor();
  await Promise.all([hearsOnly(ben, [CUSTOMER], [AGENT]), hearsOnly(shop, [THIRD], [AGENT])]);
  await wrapUp(desk, 'Ben knows the details.');
  await ben.locator('[data-id="end"]').click();
  await wrapUp(ben, 'Sent back.');
  for (const shown of [desk, ben, shop]) assert.deepEqual(shown.problems, []);
}));

test('real: "Yes, that is me" on a doubtful call opens what was locked on the desk', () => meeting(async ({ server, desk, shop, anna }) => {
  await goAvailable(desk, server.origin, anna);
  await askForHelp(shop, server.shop);
  // Not the number that the page was given: only the caller ID speaks for this customer.
  await server.telephone.call(server.sip, '+12015550139', '+12015550177');
  await desk.locator('.level.V1').waitFor();
  const locked = await desk.locator('.fact.locked').count();
  assert.ok(locked > 0 && (await desk.getByText('ada@shop.example.com').count()) === 0);
  await shop.getByRole('group', { name: 'Is it you?' }).waitFor();
  await picture(shop, 'real-shop-confirm');
  await shop.locator('[data-id="yes"]').click();
  await desk.locator('.level.V3').waitFor();
  await desk.getByText('ada@shop.example.com').waitFor();
  assert.equal(await desk.locator('.fact.locked').count(), 0);
  await picture(desk, 'real-desk-confirmed');
  await answer(desk);
  await hears(desk, CUSTOMER);
  await shop.getByText('Connected with').first().waitFor();
  server.telephone.hangUp();
  await wrapUp(desk, 'It was her.');
}));

test('real: a wrap-up waits for a desk that is gone; the customer sees a code, and is called back', () => meeting(async ({ server, desk, shop, open, anna, login }) => {
  // Somebody is there who could serve, so that a callback waits in the queue.
  const ben = await Desk.open(server.origin, login('ben'));
  ben.send({ type: 'set_state', state: 'break', reason: 'lunch' });
  await talk(server, desk, shop, anna);
  await shop.locator('[data-id="hang-up"]').click();
  await desk.getByRole('heading', { name: 'How did it go?' }).waitFor();
  await desk.close();
  const intents = await fill(server);
  try {
    await askForHelp(shop, server.shop);
    await shop.locator('[data-kind="call_phone"]').click();
    await shop.getByText('+1 201 555 0199').waitFor();
    assert.match(await shop.locator('.code .number').textContent(), /^\d( \d){5}$/);
    await picture(shop, 'real-shop-code');
    await shop.getByText('Choose another way').click();
  } finally {
    await Promise.all(intents.map((id) => server.api('DELETE', `/v1/intents/${id}`)));
  }
  await shop.locator('[data-kind="callback"]').click();
  await shop.locator('[data-id="call-me"]').click();
  await shop.getByText('You are number 1').first().waitFor();
  await picture(shop, 'real-shop-callback');
  await until(async () => (await server.api('GET', '/v1/queues')).data.queues.every(({ staffed }) => staffed === 1), 'the agent is logged out');
  const back = await open();
  await logIn(back, server.origin, anna);
  await back.getByRole('heading', { name: 'How did it go?' }).waitFor();
  await back.getByRole('heading', { name: 'Ada Example' }).first().waitFor();
  await picture(back, 'real-desk-wrap-up-again');
  await wrapUp(back, 'Written after all.');
  await back.getByText('Your telephone is this page').waitFor();
  await back.getByRole('button', { name: 'Go available' }).click();
  await back.getByText('You are calling back').waitFor();
  await answer(back);
  await shop.getByText('Connected with').first().waitFor();
  await hears(back, CUSTOMER);
  await picture(back, 'real-desk-calling-back');
  await back.locator('[data-id="end"]').click();
  await shop.getByText('Thank you for calling').waitFor();
  await wrapUp(back, 'Called back.');
  ben.close();
  const { cases } = (await server.api('GET', '/v1/customers/c-1001/cases')).data;
  assert.ok(cases.some(({ summary }) => summary === 'Written after all.'), 'the case of the call before');
}));

test('wss: desk and customer talk through a server that speaks TLS', async () => {
  const server = await World.start(true);
  const desk = await page(await launch(AGENT)), shop = await page(await launch(CUSTOMER));
  const sockets = [];
  for (const shown of [desk, shop]) shown.on('websocket', (socket) => sockets.push(socket.url().replace(/\?.*/, '')));
  try {
    await talk(server, desk, shop, { agent: 'anna', token: server.tokens.anna });
    const own = server.origin.replace('https', 'wss');
    assert.deepEqual([...new Set(sockets)].sort(), [`${own}/sip`, `${own}/v1/desktop`]);
    await desk.locator('[data-id="end"]').click();
    await shop.getByText('Thank you for calling').waitFor();
    await wrapUp(desk, 'Nobody else has heard it.');
    for (const shown of [desk, shop]) assert.deepEqual(shown.problems, []);
  } finally {
    await leave(desk, shop);
    await server.stop();
  }
});

/** Intents of others, until there is no number left but the shared one. */
async function fill(server) {
  const ids = [];
  for (;;) {
    const customer = { id: `c-${ids.length}`, name: 'Bo Example', email: `bo${ids.length}@shop.example.com`, phones: [] };
    const { status, data } = await server.api('POST', '/v1/intents', { customer, reason: { category: 'delivery' } });
    assert.equal(status, 201);
    ids.push(data.id);
    if (data.shared) return ids;
  }
}
