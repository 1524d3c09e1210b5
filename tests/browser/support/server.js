/** The real server: the program with a configuration of the tests, or its demo. */

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificate } from './certificate.js';
import { json, serve } from './files.js';
import { Telephone } from './telephone.js';
import { PATIENCE_MS, until } from './tests.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAMS = ['target/debug/throughline', 'target/release/throughline', 'target/image/usr/local/bin/throughline'];
const CUSTOMER = { id: 'c-1001', name: 'Ada Example', email: 'ada@shop.example.com', phones: ['+12015550177'], tier: 'gold' };

/** THROUGHLINE in the environment, or what was built last. */
function program() {
  if (process.env.THROUGHLINE) return process.env.THROUGHLINE;
  const built = PROGRAMS.map((path) => join(ROOT, path)).filter(existsSync);
  built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (!built[0]) throw new Error('build the program first: cargo build');
  return built[0];
}

export class Program {
  /** @param {string[]} args */
  constructor(args) {
    this.said = '';
    this.child = spawn(program(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.on('data', (text) => { this.said += text; });
    this.child.stderr.on('data', (text) => { this.said += text; });
    this.ended = new Promise((resolve) => this.child.on('exit', resolve));
    process.on('exit', () => this.child.kill('SIGKILL'));
  }

  /** @param {RegExp} what @param {number} [within] */
  async says(what, within = PATIENCE_MS) {
    await until(() => what.test(this.said) || this.child.exitCode !== null, `the program says ${what}`, within);
    const match = what.exec(this.said);
    if (!match) throw new Error(`the program ended:\n${this.said}`);
    return match;
  }

  /** A second SIGTERM does not wait for calls. */
  async stop() {
    this.child.kill('SIGTERM');
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await this.ended;
    clearTimeout(late);
  }
}

/** The demo, with the three links that it prints. */
export async function demo() {
  const run = new Program(['demo', '--pages', '--http-port', '0', '--shop-port', '0', '--sip-port', '0']);
  const [, shop] = await run.says(/customer +(http\S+)/);
  const [, desk] = await run.says(/desk +(http\S+)/);
  const [, board] = await run.says(/board +(http\S+)/);
  return { run, shop, desk, board };
}

/** The port of a socket that was free a moment ago. @param {boolean} udp @returns {Promise<number>} */
function free(udp) {
  return new Promise((resolve) => {
    const socket = udp ? createSocket('udp4') : createServer();
    const done = () => { const { port } = /** @type {{ port: number }} */ (socket.address()); socket.close(() => resolve(port)); };
    if (udp) socket.bind(0, '127.0.0.1', done);
    else socket.listen(0, '127.0.0.1', done);
  });
}

/** A WAV file as the server takes it, in which nothing is said. */
function silence() {
  const bytes = Buffer.alloc(44 + 1_600);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 1_600, 4);
  bytes.write('WAVEfmt ', 8);
  for (const [value, at] of [[16, 16], [8_000, 24], [16_000, 28], [1_600, 40]]) bytes.writeUInt32LE(value, at);
  for (const [value, at] of [[1, 20], [1, 22], [2, 32], [16, 34]]) bytes.writeUInt16LE(value, at);
  bytes.write('data', 36);
  return bytes;
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** A server with agents at desks in browsers, one of whom supervises, and two whose telephones have passwords; a telephone at its trunk; a shop with its own small backend. */
export class World {
  /** @param {boolean} [secure] over TLS, with the certificate of the tests */
  static async start(secure = false) {
    const world = new World();
    world.secure = secure;
    /** What the shop's site shows besides. @type {Map<string, [type: string, body: string | Buffer]>} */
    world.files = new Map();
    world.folder = mkdtempSync(join(tmpdir(), 'throughline-browser-'));
    world.key = randomBytes(16).toString('hex');
    world.tokens = Object.fromEntries(['anna', 'ben', 'cleo'].map((agent) => [agent, randomBytes(8).toString('hex')]));
    world.telephone = await Telephone.open('127.0.0.3', 880);
    const port = await free(false), sip = await free(true);
    world.sip = { host: '127.0.0.1', port: sip };
    world.origin = `${secure ? 'https' : 'http'}://127.0.0.1:${port}`;
    world.host = '127.0.0.1';
    world.site = await serve((request, response, path) => world.answer(request, response, path), world.origin);
    world.shop = world.site.origin;
    const file = join(world.folder, 'throughline.toml');
    writeFileSync(join(world.folder, 'code.wav'), silence());
    writeFileSync(file, world.configuration(port, sip));
    world.run = new Program(['serve', file]);
    await until(async () => (await world.api('GET', '/readyz').catch(() => null))?.status === 200 || world.run.child.exitCode !== null, 'the server is ready');
    if (world.run.child.exitCode !== null) throw new Error(world.run.said);
    return world;
  }

  async stop() {
    this.site.server.closeAllConnections();
    this.site.server.close();
    await this.run.stop();
    this.telephone.close();
    rmSync(this.folder, { recursive: true });
  }

  configuration(port, sip) {
    const browser = (name, more = '') => `[[agents]]\nname = "${name}"\nskills = { parcels = 5 }\ntoken_sha256 = "${sha256(this.tokens[name])}"\nphone = { browser = true }\n${more}`;
    const telephone = (name) => `[[agents]]\nname = "${name}"\nskills = { parcels = 5 }\ntoken_sha256 = "${sha256(name)}"\nphone = { user = "${name}", password = "secret-of-${name}" }\n`;
    return `
[sip]
bind = ["127.0.0.1:${sip}"]
realm = "voice.example.com"
[http]
bind = "127.0.0.1:${port}"
${this.secure ? `tls = { certificate = "${certificate().certificate}", key = "${certificate().key}" }` : ''}
origins = ["${this.shop}"]
[media]
bind = "127.0.0.1"
[deadlines]
pop_ms = 5000
[web]
return_within_s = 60
[store]
embedded = "${this.folder}/store.db"
[history]
file = "${this.folder}/history.db"
[log]
filter = "${process.env.THROUGHLINE_LOG ?? 'info'}"
[[trunks]]
name = "carrier"
networks = ["${this.telephone.host}"]
region = "US"
fallback = { sip = "sip:{dialled}@${this.telephone.host}:${this.telephone.port}" }
pin = true
gateways = [{ uri = "sip:${this.telephone.host}:${this.telephone.port}", keep_alive = false }]
[pin]
question = "${this.folder}/code.wav"
[recording]
folder = "${this.folder}/recordings"
notice = "on-page"
[callback]
trunk = "carrier"
from = "+12015550100"
allow = ["+1201555"]
hours = ["mon-sun 00:00-24:00"]
[[pools]]
name = "web"
numbers = ["+12015550100..+12015550139"]
shared = "+12015550199"
quarantine_s = 0
[intents]
pool = "web"
region = "US"
[[api_keys]]
id = "tests"
sha256 = "${sha256(this.key)}"
scopes = ["register", "read"]
[[token_keys]]
id = 1
secret = "${randomBytes(32).toString('hex')}"
[routing]
skills = ["parcels"]
default_queue = "delivery"
[[queues]]
name = "delivery"
requires = { parcels = 3 }
wrap_up_s = 300
[[queues]]
name = "returns"
requires = { parcels = 3 }
wrap_up_s = 300
[access]
default = { answer = "self-service", because = "we do not know this caller" }
[[access.rules]]
name = "returns"
when = { min_level = "V1", reason = ["return"] }
answer = "human"
queue = "returns"
record = true
because = "returns are supervised"
[[access.rules]]
name = "known customers"
when = { min_level = "V1" }
answer = "human"
because = "a customer of ours"
${browser('anna')}
${browser('ben')}
${browser('cleo', 'supervises = ["returns"]\n')}
${telephone('carla')}
${telephone('dan')}
`;
  }

  /** The shop's own backend: it alone has the key. */
  async answer(request, response, path) {
    const [type, body] = this.files.get(path) ?? [];
    if (type) return Boolean(response.writeHead(200, { 'content-type': type }).end(body));
    if (path === '/shop/config') return json(response, { throughline: this.origin });
    if (path === '/help/intent') return this.pass(response, 'POST', '/v1/intents', { ...(await read(request)), customer: CUSTOMER, recording_consent: true });
    if (path === '/help/cases') return this.pass(response, 'GET', `/v1/customers/${CUSTOMER.id}/cases`);
    if (path.startsWith('/help/cases/')) return this.pass(response, 'POST', path.replace('/help', '/v1'), await read(request));
    return false;
  }

  async pass(response, method, path, body) {
    const { status, data } = await this.api(method, path, body);
    return json(response, data, status);
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  async api(method, path, body) {
    const { text, status } = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' };
      const sent = (this.secure ? https : http).request(`${this.origin}${path}`, { method, headers, ...(this.secure ? { ca: certificate().pem } : {}) }, async (answer) => {
        resolve({ text: await textOf(answer), status: answer.statusCode });
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
    return { status, data: parsed(text) };
  }

  /** The calls as the server tells of them. */
  async calls() {
    return (await this.api('GET', '/v1/calls')).data.calls;
  }
}

async function read(request) {
  return JSON.parse((await textOf(request)) || '{}');
}

async function textOf(message) {
  const parts = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
