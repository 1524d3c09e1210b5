/** A telephone at a trunk's address: SIP over UDP, enough to call, to be called and to hang up; it says a tone in G.711 and hears nothing. */

import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { address, cseq, first, read, write } from '../../../web/lib/sip/message.js';
import { until } from './tests.js';

const PACKET_MS = 20, PER_PACKET = 160;

/** @param {string} host @returns {Promise<import('node:dgram').Socket>} */
function bound(host) {
  const socket = createSocket('udp4');
  return new Promise((resolve) => socket.bind(0, host, () => resolve(socket)));
}

const draw = () => randomBytes(8).toString('hex');

export class Telephone {
  /** @param {string} host an address of the trunk @param {number} hertz what it says */
  static async open(host, hertz) {
    const telephone = new Telephone();
    Object.assign(telephone, { host, hertz, sip: await bound(host), rtp: await bound(host), heard: [], answered: new Map(), sample: 0, seq: 0 });
    telephone.sip.on('message', (bytes, { port, address: from }) => telephone.take(read(String(bytes)), { port, host: from }));
    return telephone;
  }

  get port() {
    return this.sip.address().port;
  }

  get uri() {
    return `sip:telephone@${this.host}:${this.port}`;
  }

  close() {
    clearInterval(this.speaking);
    this.sip.close();
    this.rtp.close();
  }

  /** Calls a number, with a number of its own to show. */
  async call(server, dialled, caller) {
    this.dialog = { peer: server, remote: `sip:${dialled}@${server.host}:${server.port}`, callId: draw(), us: `<sip:${caller}@${this.host}>;tag=${draw()}`, them: `<sip:${dialled}@${server.host}>`, seq: 1 };
    this.ask('INVITE', this.description());
    await until(() => this.heard.some(({ status }) => status >= 180), 'it rings at the other end');
  }

  hangUp() {
    clearInterval(this.speaking);
    this.dialog.seq += 1;
    this.ask('BYE');
  }

  description() {
    return ['v=0', `o=- 1 1 IN IP4 ${this.host}`, 's=-', `c=IN IP4 ${this.host}`, 't=0 0', `m=audio ${this.rtp.address().port} RTP/AVP 0`, 'a=sendrecv', ''].join('\r\n');
  }

  ask(method, body = '') {
    const { peer, remote, callId, us, them, seq } = this.dialog;
    this.send(peer, write({
      method, uri: remote, status: 0, reason: '', body,
      headers: [['via', `SIP/2.0/UDP ${this.host}:${this.port};branch=z9hG4bK${draw()}`], ['max-forwards', '70'], ['from', us], ['to', them], ['call-id', callId], ['cseq', `${seq} ${method}`], ['contact', `<${this.uri}>`], ...(body ? [['content-type', 'application/sdp']] : [])],
    }));
  }

  take(message, from) {
    if (!message) return;
    this.heard.push(message);
    if (message.status) return this.said(message);
    const again = this.answered.get(`${first(message, 'via')} ${message.method}`);
    if (again) return this.send(from, again);
    if (message.method === 'INVITE') return this.rung(message, from);
    if (message.method === 'BYE') clearInterval(this.speaking);
    if (message.method !== 'ACK') this.reply(message, from, 200, 'OK');
  }

  said(response) {
    if (response.status < 200 || cseq(response).method !== 'INVITE') return;
    Object.assign(this.dialog, { them: first(response, 'to'), remote: address(first(response, 'contact')).uri || this.dialog.remote });
    this.ask('ACK');
    if (response.status < 300) this.speak(response.body);
  }

  /** Somebody calls: it is answered at once. */
  rung(invite, from) {
    const tag = draw();
    this.dialog = { peer: from, remote: address(first(invite, 'contact')).uri, callId: first(invite, 'call-id'), us: `${first(invite, 'to')};tag=${tag}`, them: first(invite, 'from'), seq: 1 };
    this.reply(invite, from, 180, 'Ringing', tag);
    this.reply(invite, from, 200, 'OK', tag, this.description());
    this.speak(invite.body);
  }

  reply(request, to, status, reason, tag = 'tel', body = '') {
    const copied = request.headers.filter(([name]) => ['via', 'from', 'call-id', 'cseq', 'record-route'].includes(name));
    const said = first(request, 'to');
    const text = write({ method: '', uri: '', status, reason, body, headers: [...copied, ['to', said.includes('tag=') ? said : `${said};tag=${tag}`], ['contact', `<${this.uri}>`], ...(body ? [['content-type', 'application/sdp']] : [])] });
    if (status >= 200) this.answered.set(`${first(request, 'via')} ${request.method}`, text);
    this.send(to, text);
  }

  send({ host, port }, text) {
    this.sip.send(text, port, host);
  }

  /** @param {string} sdp where the other side listens */
  speak(sdp) {
    const [, port] = /m=audio (\d+)/.exec(sdp) ?? [], [, host] = /c=IN IP4 (\S+)/.exec(sdp) ?? [];
    clearInterval(this.speaking);
    this.speaking = setInterval(() => this.rtp.send(this.packet(), Number(port), host), PACKET_MS);
  }

  packet() {
    const packet = Buffer.alloc(12 + PER_PACKET);
    packet.writeUInt16BE(0x8000, 0);
    packet.writeUInt16BE((this.seq += 1) & 0xffff, 2);
    packet.writeUInt32BE(this.sample, 4);
    packet.writeUInt32BE(7, 8);
    for (let at = 0; at < PER_PACKET; at += 1, this.sample += 1) packet[12 + at] = ulaw(8_000 * Math.sin((2 * Math.PI * this.hertz * this.sample) / 8_000));
    return packet;
  }
}

/** A sample of 16 bits as G.711 has it (ITU-T G.711, table 2a). @param {number} sample */
function ulaw(sample) {
  const size = Math.min(Math.abs(Math.round(sample)) + 132, 32_767);
  const exponent = Math.max(0, Math.floor(Math.log2(size)) - 7);
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | ((size >> (exponent + 3)) & 15)) & 0xff;
}

