/** A desk without a page, for agents whose telephone is something else. */

import { WebSocket } from 'ws';
import { until } from './tests.js';

export class Desk {
  /** @param {string} origin @param {{ agent: string, token: string }} login */
  static async open(origin, login) {
    const desk = new Desk();
    desk.heard = [];
    desk.socket = new WebSocket(`${origin.replace('http', 'ws')}/v1/desktop`);
    desk.socket.on('open', () => desk.send({ type: 'hello', ...login }));
    desk.socket.on('message', (text) => desk.take(JSON.parse(String(text))));
    await until(() => desk.heard.some(({ type }) => type === 'welcome'), 'welcome');
    return desk;
  }

  take(message) {
    this.heard.push(message);
    if (message.seq) this.send({ type: 'ack', seq: message.seq });
    if (message.type === 'pop') this.send({ type: 'pop_drawn', call: message.call, fence: message.fence });
    if (message.type === 'wrap_up_due') this.send({ type: 'wrap_up', call: message.call, outcome: 'solved' });
  }

  /** What the agent is now. */
  state() {
    return this.heard.filter(({ state }) => state).at(-1)?.state;
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** Available, once its telephone is there. */
  async available() {
    this.send({ type: 'set_state', state: 'available' });
    await until(() => this.heard.some(({ type, state }) => type === 'state_changed' && state === 'available'), 'available');
  }

  close() {
    this.socket.close();
  }
}
