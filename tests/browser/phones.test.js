/** JsSIP and SIP.js, unchanged, as telephones of agents at the real server. */

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUT, hears, launch, leave, page } from './support/browser.js';
import { Desk } from './support/desk.js';
import { world } from './support/meeting.js';
import { askForHelp, callFromBrowser } from './support/story.js';
import { inLane, until } from './support/tests.js';

const test = inLane('real');

const DOMAIN = 'voice.example.com';
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A page with one telephone, on the site that the server lets in. */
async function telephone(server, kind, user, hertz) {
  const file = join(OUT, `${kind}.js`);
  await build({ entryPoints: [here(`phones/${kind}.js`)], bundle: true, format: 'esm', outfile: file, logLevel: 'error', define: { global: 'globalThis' } });
  server.files.set(`/${kind}`, ['text/html', `<!doctype html><title>phone</title><audio autoplay></audio><script type="module" src="/${kind}.js"></script>`]);
  server.files.set(`/${kind}.js`, ['text/javascript', readFileSync(file)]);
  const shown = await page(await launch(hertz));
  const login = new URLSearchParams({ server: `${server.origin.replace('http', 'ws')}/sip`, uri: `sip:${user}@${DOMAIN}`, password: `secret-of-${user}` });
  await shown.goto(`${server.shop}/${kind}#${login}`);
  const said = () => shown.evaluate(() => window.phone?.said ?? []);
  const phone = {
    shown,
    press: (what, ...args) => shown.evaluate(([name, given]) => window.phone[name](...given), [what, args]),
    says: (what, times = 1) => until(async () => (await said()).filter((one) => one.startsWith(what)).length >= times, `${kind} says ${what}`)
      .catch(async (fault) => { throw new Error(`${fault.message}; it said ${await said()} ${shown.problems}`); }),
    stop: () => leave(shown),
  };
  await phone.says('registered');
  return phone;
}

/** Both telephones are registered, and their desks are there. */
async function both(body) {
  const server = await world();
  const jssip = await telephone(server, 'jssip', 'carla', 440), sipjs = await telephone(server, 'sipjs', 'dan', 660);
  try {
    await body({ server, jssip, sipjs });
  } finally {
    await Promise.all([jssip.stop(), sipjs.stop()]);
  }
}

test('JsSIP calls SIP.js and the other way round: register, call, hold, keys', () => both(async ({ jssip, sipjs }) => {
  await jssip.press('call', `sip:dan@${DOMAIN}`);
  await sipjs.says('rings');
  await sipjs.press('answer');
  await jssip.says('confirmed');
  await Promise.all([hears(sipjs.shown, 440), hears(jssip.shown, 660)]);
  await jssip.press('hold');
  await jssip.says('hold');
  await jssip.press('resume');
  await Promise.all([hears(sipjs.shown, 440), hears(jssip.shown, 660)]);
  // A browser plays the keys that it receives as events (RFC 4733): 5 is 770 and 1336 Hz, 3 is 697 and 1477 Hz (ITU-T Q.23).
  await jssip.press('keys', '5');
  await hears(sipjs.shown, [770, 1336]);
  await jssip.press('info', '7');
  await sipjs.press('hold');
  await sipjs.press('resume');
  await Promise.all([hears(sipjs.shown, 440), hears(jssip.shown, 660)]);
  await sipjs.press('keys', '3');
  await hears(jssip.shown, [697, 1477]);
  await sipjs.press('info', '1');
  await sipjs.press('end');
  await jssip.says('ended');
  await sipjs.press('call', `sip:carla@${DOMAIN}`);
  await jssip.says('rings');
  await jssip.press('answer');
  await sipjs.says('Established', 2);
  await Promise.all([hears(sipjs.shown, 440), hears(jssip.shown, 660)]);
  await jssip.press('end');
}));

test('JsSIP and SIP.js pass a customer on to each other, and join two calls; the customer stays', () => both(async ({ server, jssip, sipjs }) => {
  const carla = await Desk.open(server.origin, { agent: 'carla', token: 'carla' }), dan = await Desk.open(server.origin, { agent: 'dan', token: 'dan' });
  const shop = await page(await launch(880));
  try {
    await carla.available();
    await askForHelp(shop, server.shop);
    await callFromBrowser(shop);
    await jssip.says('rings');
    await jssip.press('answer');
    await Promise.all([hears(jssip.shown, 880), hears(shop, 440)]);
    await dan.available();
    // Asked first, by the telephones alone: the caller waits, then is joined with whoever was asked (REFER with Replaces).
    await jssip.press('hold');
    await jssip.press('call', `sip:dan@${DOMAIN}`);
    await sipjs.says('rings');
    await sipjs.press('answer');
    await Promise.all([hears(jssip.shown, 660), hears(sipjs.shown, 440)]);
    await jssip.press('join');
    await jssip.says('joined');
    await Promise.all([hears(sipjs.shown, 880), hears(shop, 660)]);
    await until(() => carla.heard.some(({ type }) => type === 'wrap_up_taken'), "Carla's call is over");
    await carla.available();
    await sipjs.press('refer', `sip:carla@${DOMAIN}`);
    await jssip.says('rings', 2);
    await jssip.press('answer');
    await Promise.all([hears(jssip.shown, 880), hears(shop, 440)]);
    await until(() => dan.heard.some(({ type }) => type === 'wrap_up_taken'), "Dan's call is over");
    await dan.available();
    await jssip.press('refer', `sip:dan@${DOMAIN}`);
    await sipjs.says('rings', 2);
    await sipjs.press('answer');
    await Promise.all([hears(sipjs.shown, 880), hears(shop, 660)]);
    await jssip.says('passed on');
    await shop.locator('[data-id="hang-up"]').click();
    await sipjs.says('Terminated', 2);
  } finally {
    carla.close();
    dan.close();
    await leave(shop);
  }
}));
