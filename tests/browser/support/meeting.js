/** Agents and a customer at the real server, each in a browser with a tone of their own: how a test begins, and how it leaves everything. */

import { hears, launch, leave, page } from './browser.js';
import { Desk } from './desk.js';
import { World } from './server.js';
import { answer, askForHelp, callFromBrowser, goAvailable } from './story.js';
import { until } from './tests.js';

/** Of the first agent, of whoever is with them besides, and of the customer. */
export const AGENT = 440, THIRD = 660, CUSTOMER = 880;

/** @type {Promise<World> | null} */
let started = null;
export const world = () => (started ??= World.start());

export async function stopWorld() {
  await (await started?.catch(() => null))?.stop();
}

/** A desk and a shop, and `open` for the pages of more people. */
export async function meeting(body) {
  const server = await world();
  const opened = [];
  const open = async (hertz = AGENT) => {
    const shown = await page(await launch(hertz));
    opened.push(shown);
    return shown;
  };
  let fault = null;
  try {
    await body({ server, desk: await open(AGENT), shop: await open(CUSTOMER), open, login: (agent) => ({ agent, token: server.tokens[agent] }), anna: { agent: 'anna', token: server.tokens.anna } });
  } catch (found) {
    fault = found;
  }
  try {
    await leave(...opened);
    await until(async () => (await server.calls()).every(({ phase }) => phase === 'ended'), 'no call is left');
    const { agents } = (await server.api('GET', '/v1/agents')).data;
    for (const { agent } of agents.filter(({ agent, state }) => server.tokens[agent] && state !== 'offline')) await putAway(server, agent);
  } catch (found) {
    fault ??= found;
  }
  if (fault) throw fault;
}

/** Whatever a test has left of an agent's work is done; a wrap-up that is due is written by the desk without a page. */
async function putAway(server, agent) {
  const desk = await Desk.open(server.origin, { agent, token: server.tokens[agent] });
  await until(async () => {
    desk.send({ type: 'set_state', state: 'offline' });
    return (await server.api('GET', '/v1/agents')).data.agents.find((one) => one.agent === agent).state === 'offline';
  }, `${agent} is offline`);
  desk.close();
}

/** A call that both hear. */
export async function talk(server, desk, shop, login, reason) {
  await goAvailable(desk, server.origin, login);
  await askForHelp(shop, server.shop, reason);
  await callFromBrowser(shop);
  await answer(desk);
  await Promise.all([hears(desk, CUSTOMER), hears(shop, AGENT)]);
}

export async function wrapUp(desk, summary) {
  await desk.getByRole('heading', { name: 'How did it go?' }).waitFor();
  await desk.getByText('Solved', { exact: true }).click();
  await desk.fill('#summary', summary);
  await desk.getByRole('button', { name: 'Save and finish' }).click();
  await desk.getByRole('heading', { name: 'Your calls today' }).waitFor();
}
