/**
 * A server that only pretends: it answers as Throughline does, bridges two browsers' SIP without looking at the sound, and can be told to
 * misbehave. For what a real server does not do on request: silence, wrong answers, ICE that leads nowhere.
 */

import { WebSocketServer } from 'ws';
import { address, all, cseq, first, read, write } from '../../../web/lib/sip/message.js';
import { json, serve } from './files.js';
import { EXPLAINED, LATELY, NUMBERS, SHADOW } from './samples.js';

export const POP = {
  type: 'pop', call: 'call_0000000000007', fence: 3, level: 'V2', why: ['dialled the number that was leased to this intent'], rivals: 0,
  fields: [
    { key: 'reason', label: 'Reason', value: 'delivery / late' }, { key: 'urgency', label: 'Urgency', value: 'high' },
    { key: 'language', label: 'Language', value: 'en' }, { key: 'customer_name', label: 'Customer', value: 'Ada Example' },
    { key: 'tier', label: 'Tier', value: 'gold' }, { key: 'subject', label: 'About', value: 'order A-1001: Reading lamp "Marlow"' },
    { key: 'articles', label: 'Has read', value: 'Where is my parcel?' }, { key: 'words', label: 'In their words', value: 'It was promised for Monday, and it is a present.' },
    { key: 'email', label: 'E-mail', value: 'ada@shop.example.com' }, { key: 'past', label: 'Before this', value: '1 open case, last contact 3 days ago' }, { key: 'value', label: 'Value', value: '129.00 EUR' },
    { key: 'promised', label: 'promised', locked: true, needs: 'V3', unlock: 'Are you still signed in on our page? Please confirm the call there.' },
    { key: 'access', label: 'Let through because', value: 'gold customers reach a human' },
  ],
  queue: 'delivery', waited_ms: 23_000, next_step: '',
};

export class Pretend {
  constructor() {
    /** What goes wrong on purpose. @type {{ channels?: object[], breakIce?: boolean, liveStatus?: number, refuseSip?: boolean, refuseWith?: number, busyFor?: number, isAway?: boolean }} */
    this.faults = {};
    this.desks = new Set();
    /** Queues of the agent who logs in. @type {string[] | undefined} */
    this.supervises = undefined;
    this.seq = 0;
    this.heard = [];
    this.lives = new Set();
    this.boards = new Set();
    this.sip = new Bridge(this);
    this.cases = [];
    this.live = { state: 'registered' };
  }

  async start() {
    const { server, origin } = await serve((request, response, path) => this.answer(request, response, path));
    this.origin = origin;
    this.server = server;
    const sockets = this.sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request, socket, head) => {
      if (this.faults.isAway) return socket.destroy();
      if (request.url.startsWith('/sip') && this.faults.refuseSip) return socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      sockets.handleUpgrade(request, socket, head, (ws) => (request.url.startsWith('/sip') ? this.sip.opened(ws) : this.deskOpened(ws)));
    });
    return this;
  }

  stop() {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    this.server.close();
  }

  answer(request, response, path) {
    if (path === '/shop/config') return json(response, { throughline: this.origin });
    if (path === '/help/cases') return json(response, { cases: this.cases });
    if (path === '/healthz') return json(response, {}, this.faults.isAway ? 503 : 200);
    if (path === '/help/dial') return json(response, {}, 202);
    if (path === '/help/intent') {
      return json(response, {
        id: 'int_1', token: 'tok_1', number: '+12015550123', tel: 'tel:+12015550123', customer: { phones: ['+12015550177'] }, expires_at: new Date(Date.now() + 900_000).toISOString(),
        channels: this.faults.channels ?? [{ kind: 'call_browser', expected_wait_s: 40, why: 'urgent, and of value: a person should hear it' }, { kind: 'call_phone', expected_wait_s: 40 }, { kind: 'form', expected_wait_s: null }],
      }, 201);
    }
    if (path === '/v1/calls') return json(response, { calls: LATELY });
    if (path === '/v1/numbers') return json(response, NUMBERS);
    if (path === '/v1/access/shadow') return json(response, SHADOW);
    if (path.endsWith('/explain')) return json(response, EXPLAINED);
    if (path.endsWith('/live')) return this.stream(response, path.includes('board') ? this.boards : this.lives);
    if (path.endsWith('/confirm')) { this.heard.push({ type: 'confirm' }); return json(response, {}); }
    if (path.endsWith('/callback')) return this.callBack(request, response);
    if (path === '/v1/trouble') return this.troubled(request, response);
    if (path.endsWith('/message')) return json(response, { case: 'case_1' }, 201);
    return false;
  }

  /** Promises a call, or takes the promise back. */
  callBack(request, response) {
    if (request.method === 'DELETE') {
      this.heard.push({ type: 'callback taken back' });
      return json(response, {}, 200);
    }
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', () => {
      this.heard.push({ type: 'callback', ...JSON.parse(text) });
      json(response, { number: '+12015550177', position: 3, expected_wait_s: 120, token: 'tok_2' });
    });
    return true;
  }

  /** A page says what goes wrong in its browser. */
  troubled(request, response) {
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', () => {
      this.heard.push({ type: 'trouble', ...JSON.parse(text) });
      response.writeHead(204).end();
    });
    return true;
  }

  stream(response, set) {
    if (this.faults.liveStatus) return json(response, {}, this.faults.liveStatus);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    set.add(response);
    response.on('close', () => set.delete(response));
    if (set === this.lives) response.write(`event: state\ndata: ${JSON.stringify(this.live)}\n\n`);
    return true;
  }

  /** @param {object} state */
  tellLive(state) {
    this.live = state;
    for (const response of this.lives) response.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
  }

  /** @param {object} data */
  tellBoard(data) {
    for (const response of this.boards) response.write(`event: board\ndata: ${JSON.stringify(data)}\n\n`);
  }

  deskOpened(ws) {
    ws.on('message', (text) => {
      const message = JSON.parse(String(text));
      this.heard.push(message);
      if (message.type === 'hello') this.welcome(ws, message);
      if (message.type === 'ping') ws.send('{"type":"pong"}');
      if (message.type === 'phone_token') ws.send(JSON.stringify({ type: 'phone', ...this.phone }));
      if (message.type === 'set_state') this.tell({ type: 'state_changed', state: message.state, reason: message.reason, why: 'you asked' });
      if (message.type === 'colleagues') ws.send(JSON.stringify({ type: 'colleagues', colleagues: [{ agent: 'cem', state: 'on_call' }, { agent: 'ben', state: 'available' }, { agent: 'dana', state: 'break', reason: 'lunch' }] }));
      if (message.type === 'pop_drawn') this.sip.ring();
      if (message.type === 'wrap_up') {
        this.tell({ type: 'wrap_up_taken', call: message.call });
        this.tell({ type: 'state_changed', state: 'available', why: 'the wrap-up is done' });
      }
    });
  }

  get phone() {
    return { path: '/sip', token: 'dsk_1', user: 'anna', domain: 'throughline.example.com', uri: 'sip:anna@throughline.example.com', expires_s: 300 };
  }

  welcome(ws, { agent, token }) {
    if (token === 'wrong') return ws.send('{"type":"error","code":"unauthorized","text":"agent or token is wrong","remedy":"ask your administrator for a token"}');
    for (const other of this.desks) { other.send('{"type":"displaced"}'); other.close(4001, 'displaced'); }
    this.desks = new Set([ws]);
    ws.on('close', () => this.desks.delete(ws));
    this.seq = 0;
    ws.send(JSON.stringify({ type: 'welcome', agent, session: '01', resumed: false, skills: [], state: 'offline', supervises: this.supervises, phone: this.phone }));
  }

  /** @param {object} message numbered, to the desk */
  tell(message) {
    this.seq += 1;
    for (const ws of this.desks) ws.send(JSON.stringify({ seq: this.seq, ...message }));
  }

  /** What a supervisor sees. @param {object[]} calls */
  show(calls) {
    for (const ws of this.desks) ws.send(JSON.stringify({ type: 'calls', calls }));
  }

  offer(pop = POP) {
    this.tell({ type: 'state_changed', state: 'offered', why: 'a call' });
    this.tell(pop);
  }
}

/** Two browsers, one call: what one says is said to the other. */
class Bridge {
  constructor(pretend) {
    this.pretend = pretend;
    this.registered = null;
    this.caller = null;
    this.agent = null;
    this.branch = 0;
  }

  opened(ws) {
    ws.on('message', (data) => {
      const text = String(data);
      if (text.trim() === '') return ws.send('\r\n');
      const message = read(text);
      if (message.status) this.answered(message);
      else this.asked(ws, message);
    });
  }

  asked(ws, request) {
    this.pretend.heard.push({ type: `sip ${request.method}`, request });
    if (request.method === 'REGISTER') {
      this.registered = { ws, contact: address(first(request, 'contact')).uri };
      return reply(ws, request, 200, 'OK', [['contact', `${first(request, 'contact')}`]]);
    }
    const leg = this.agent && first(request, 'call-id') === this.agent.callId ? this.agent : this.caller;
    if (request.method === 'INVITE' && leg?.callId === first(request, 'call-id')) return this.changed(ws, request, leg);
    if (request.method === 'INVITE') return this.called(ws, request);
    if (request.method === 'BYE') return this.bye(ws, request, leg);
    if (request.method === 'REFER') {
      reply(ws, request, 202, 'Accepted');
      for (const status of ['100 Trying', '180 Ringing', '200 OK']) this.ask(leg, 'NOTIFY', `SIP/2.0 ${status}`, [['event', 'refer'], ['subscription-state', 'active']]);
      return undefined;
    }
    if (request.method === 'CANCEL') {
      reply(ws, request, 200, 'OK');
      return reply(ws, leg.invite, 487, 'Request Terminated', [], 'srv');
    }
    if (request.method !== 'ACK') reply(ws, request, 200, 'OK');
    return undefined;
  }

  called(ws, invite) {
    if (this.pretend.faults.busyFor) { this.pretend.faults.busyFor -= 1; return reply(ws, invite, 503, 'Service Unavailable', [['retry-after', '0']]); }
    if (this.pretend.faults.refuseWith) return reply(ws, invite, this.pretend.faults.refuseWith, 'Refused');
    this.caller = { ws, invite, callId: first(invite, 'call-id'), contact: address(first(invite, 'contact')).uri, us: `${first(invite, 'to')};tag=srv`, them: first(invite, 'from'), seq: 1 };
    reply(ws, invite, 100, 'Trying');
    reply(ws, invite, 180, 'Ringing', [['contact', '<sip:srv@127.0.0.1>']], 'srv');
    this.pretend.tellLive({ state: 'recognised' });
    if (this.pretend.desks.size) this.pretend.offer();
  }

  ring() {
    const { registered, caller } = this;
    if (!registered || !caller) return;
    this.agent = { ws: registered.ws, callId: `agent-${Date.now()}`, contact: registered.contact, us: '<sip:ada@throughline.example.com>;tag=srv2', them: '<sip:anna@throughline.example.com>', seq: 1 };
    this.pretend.tell({ type: 'call_state', call: POP.call, phase: 'ringing' });
    this.pretend.tellLive({ state: 'ringing', agent: 'Anna' });
    this.ask(this.agent, 'INVITE', this.spoil(caller.invite.body));
  }

  spoil(sdp) {
    return this.pretend.faults.breakIce ? sdp.replace(/a=candidate.*\r\n/g, '').replace(/a=ice-pwd:.*/g, 'a=ice-pwd:wrongwrongwrongwrongwrong') : sdp;
  }

  ask(leg, method, body = '', headers = []) {
    leg.seq += 1;
    this.branch += 1;
    leg.ws.send(write({
      method, uri: leg.contact, status: 0, reason: '', body,
      headers: [['via', `SIP/2.0/WS srv;branch=z9hG4bKsrv${this.branch}`], ['max-forwards', '70'], ['from', leg.us], ['to', leg.them], ['call-id', leg.callId], ['cseq', `${leg.seq} ${method}`], ['contact', '<sip:srv@127.0.0.1>'], ['content-type', method === 'NOTIFY' ? 'message/sipfrag' : 'application/sdp'], ...headers],
    }));
  }

  answered(response) {
    this.pretend.heard.push({ type: `sip ${response.status}`, response });
    const { agent, caller } = this;
    if (cseq(response).method !== 'INVITE' || response.status < 200) return;
    const leg = first(response, 'call-id') === agent?.callId ? agent : caller;
    if (response.status >= 300) return;
    leg.them = first(response, 'to');
    leg.contact = address(first(response, 'contact')).uri;
    leg.seq -= 1;
    this.ask(leg, 'ACK');
    if (leg.pending) { reply(leg.pending.ws, leg.pending.request, 200, 'OK', [['contact', '<sip:srv@127.0.0.1>']], 'srv', response.body); leg.pending = null; return; }
    reply(caller.ws, caller.invite, 200, 'OK', [['contact', '<sip:srv@127.0.0.1>'], ['content-type', 'application/sdp']], 'srv', this.spoil(response.body));
    this.pretend.tell({ type: 'state_changed', state: 'on_call', why: 'answered' });
    this.pretend.tell({ type: 'call_state', call: POP.call, phase: 'talking' });
    this.pretend.tellLive({ state: 'connected', agent: 'Anna' });
  }

  changed(ws, request, leg) {
    const other = leg === this.agent ? this.caller : this.agent;
    other.pending = { ws, request };
    this.ask(other, 'INVITE', request.body);
  }

  bye(ws, request, leg) {
    reply(ws, request, 200, 'OK');
    this.ask(leg === this.agent ? this.caller : this.agent, 'BYE');
    this.pretend.tell({ type: 'call_state', call: POP.call, phase: 'ended' });
    this.pretend.tell({ type: 'wrap_up_due', call: POP.call });
    this.pretend.tell({ type: 'state_changed', state: 'wrap_up', why: 'for at most 300 s', within_s: 300 });
    this.pretend.tellLive({ state: 'ended' });
  }
}

function reply(ws, request, status, reason, headers = [], tag = 'srv', body = '') {
  const copied = request.headers.filter(([name]) => ['via', 'from', 'call-id', 'cseq'].includes(name));
  const to = first(request, 'to');
  ws.send(write({ method: '', uri: '', status, reason, headers: [...copied, ['to', to.includes('tag=') || status === 100 ? to : `${to};tag=${tag}`], ...headers], body }));
}

export { all };
