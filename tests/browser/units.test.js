/** The parts of the user agent that need no browser. */

import assert from 'node:assert/strict';
import { answer, md5 } from '../../web/lib/sip/digest.js';
import { address, all, cseq, first, read, split, userOf, write } from '../../web/lib/sip/message.js';
import { alarmsOf } from '../../web/board/attention.js';
import { snapshotOf, span } from '../../web/board/snapshot.js';
import { inLane } from './support/tests.js';

const test = inLane('pretend');

test('user agent: MD5 as in RFC 1321', async () => {
  assert.equal(md5(''), 'd41d8cd98f00b204e9800998ecf8427e');
  assert.equal(md5('message digest'), 'f96b697d7cb7938d525a2f31aaf161d0');
  assert.equal(md5('1234567890'.repeat(8)), '57edf4a22be3c955ac49da2e2107b67a');
  for (let length = 50; length < 70; length += 1) assert.equal(md5('a'.repeat(length)).length, 32);
});

test('user agent: digests as in RFC 7616 section 3.9.1', async () => {
  const credentials = { user: 'Mufasa', password: 'Circle of Life' };
  const request = { method: 'GET', uri: '/dir/index.html', credentials, cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', count: 1 };
  const challenge = (algorithm) => `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
  assert.match(await answer(challenge('MD5'), request), /response="8ca523f5e9506fed4657c9700eebdbec"/);
  assert.match(await answer(challenge('SHA-256'), request), /response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"/);
  assert.equal(await answer('Digest realm="a", nonce="b", algorithm=SHA-1', request), '');
});

test('user agent: messages are read and written', async () => {
  const text = 'SIP/2.0 200 OK\r\nv: SIP/2.0/WS a.invalid;branch=z9hG4bKx, SIP/2.0/WSS b\r\nFrom: "A, <b>" <sip:a@example.com>;tag=1\r\nt: <sip:b%2B@example.com;x=1>;tag="2"\r\ni: c1\r\nCSeq: 7 INVITE\r\nSubject: one\r\n two\r\nContent-Length: 2\r\n\r\nhi';
  const message = read(text);
  assert.equal(message.status, 200);
  assert.deepEqual(all(message, 'via'), ['SIP/2.0/WS a.invalid;branch=z9hG4bKx', 'SIP/2.0/WSS b']);
  assert.equal(address(first(message, 'from')).display, 'A, <b>');
  assert.equal(address(first(message, 'to')).params.get('tag'), '2');
  assert.equal(userOf(address(first(message, 'to')).uri), 'b+');
  assert.deepEqual(cseq(message), { number: 7, method: 'INVITE' });
  assert.equal(first(message, 'subject'), 'one two');
  assert.equal(read(write(message)).body, 'hi');
  assert.match(write({ ...message, body: 'ä' }), /Content-Length: 2\r\n\r\nä$/);
  assert.deepEqual(split('"a,b" <sip:x,y>, c'), ['"a,b" <sip:x,y>', 'c']);
  for (const bad of ['', 'INVITE', 'INVITE sip:a SIP/2.0', 'SIP/2.0 2x OK\r\n\r\n', 'INVITE sip:a SIP/2.0\r\nbroken\r\n\r\n']) assert.equal(read(bad), null);
});

test('board: whatever is missing reads as nothing', async () => {
  assert.deepEqual(snapshotOf({}).calls, []);
  const now = snapshotOf({ calls: [{ phase: 'talking' }, { phase: 'talking' }], levels: [{ level: 'V1', count: 3 }], latency: { stages: [{ stage: 'x', 'p99.9': 4 }] } });
  assert.deepEqual([now.phases.talking, now.levels.V1, now.stages[0].p999], [2, 3, 4]);
  assert.deepEqual([span(830), span(1240), span(123_456), span(2_100_000)], ['830 µs', '1.24 ms', '123 ms', '2.1 s']);
});

test('board: what burns is said, and nothing else', async () => {
  const calm = { trunks: [{ trunk: 'carrier', reachable: true }, { trunk: 'unasked' }], queues: [{ queue: 'help', waiting: 2, staffed: 3, oldest_wait_ms: 20_000, service: { calls: 4, in_time: 0, within_s: 20, abandoned: 4 } }], agents: [{ agent: 'anna', state: 'wrap-up', for_ms: 60_000 }, { agent: 'ben', state: 'paused', reason: 'no-answer', for_ms: 10_000 }] };
  assert.deepEqual(alarmsOf(snapshotOf(calm), [{ pool: 'web', numbers: 9 }], { rule: 12, 'nobody-free': 0 }), []);
  const burning = {
    trunks: [{ trunk: 'carrier', reachable: false }, { trunk: 'pbx', gateways: [{ uri: 'a', state: 'up' }, { uri: 'b', state: 'down' }] }],
    queues: [{ queue: 'night', waiting: 1, staffed: 0, oldest_wait_ms: 5_000 }, { queue: 'help', waiting: 2, staffed: 1, oldest_wait_ms: 130_000, service: { calls: 5, in_time: 2, within_s: 20, abandoned: 1 } }],
    agents: [{ agent: 'ben', state: 'paused', reason: 'no-answer', for_ms: 31_000 }],
  };
  const said = alarmsOf(snapshotOf(burning), [], { 'nobody-free': 1 }).map(({ kind, text }) => `${kind}: ${text}`);
  assert.deepEqual(said, [
    'bad: Trunk carrier does not answer', 'warn: Trunk pbx: 1 of 2 gateways down', 'bad: One caller waits in night, and nobody is logged in for it', 'bad: 2 callers wait in help',
    'bad: help: 40 % of the last hour\'s calls answered within 20 s', 'warn: ben gets no calls (no answer)', 'warn: One call to the fallback in the last five minutes: nobody free',
  ]);
});
