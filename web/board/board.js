/** The operations board: one stream in, one drawing a second out. */

import { Live } from '../lib/live.js';
import { byId, fill, h, icon, say } from '../lib/dom.js';
import { Attention } from './attention.js';
import { Chart } from './chart.js';
import { drawAgents, drawFallbacks, drawFigures, drawFlow, drawLevels, drawQueues, drawShadow, drawStages, drawTrunks, drawWaits } from './parts.js';
import { Differences } from './differences.js';
import { Lately } from './lately.js';
import { Pools } from './pools.js';
import { snapshotOf, stageName } from './snapshot.js';

/** @typedef {import('./snapshot.js').Snapshot} Snapshot */

const KEY = 'throughline.board.key';
const FIRST_STAGE = 'invite_to_pop_acknowledged';

class Board {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    this.place = byId('board', HTMLElement);
    this.lines = h('div', {});
    this.table = h('div', { class: 'stages' });
    fill(byId('latency', HTMLElement), this.lines, this.table);
    this.chart = new Chart(this.lines);
    this.chart.stage = FIRST_STAGE;
    /** Of the last figures. */
    this.at = 0;
    this.attention = new Attention(byId('attention', HTMLElement), byId('attention-told', HTMLElement));
    /** Both begun when the key is known to be good. @type {Lately | undefined} */
    this.lately = undefined;
    /** @type {Pools | undefined} */
    this.pools = undefined;
    /** Begun when there is a shadow policy. @type {Differences | undefined} */
    this.differences = undefined;
    this.stage = byId('stage', HTMLSelectElement);
    this.stage.addEventListener('change', () => { this.chart.stage = this.stage.value; this.chart.draw(); });
    this.live = new Live('/v1/board/live', key);
    this.live.addEventListener('event', (event) => this.take(/** @type {CustomEvent} */ (event).detail.data));
    this.live.addEventListener('open', () => this.connection('good', 'Live'));
    this.live.addEventListener('lost', () => this.lost());
    this.live.addEventListener('refused', (event) => this.refused(/** @type {CustomEvent<number>} */ (event).detail));
  }

  open() {
    byId('login', HTMLElement).hidden = true;
    byId('bar', HTMLElement).hidden = false;
    this.place.hidden = false;
    this.live.open();
    // A board that nobody looks at costs the server nothing.
    document.addEventListener('visibilitychange', () => (document.hidden ? this.live.close() : this.live.open()));
  }

  lost() {
    this.connection('warn', 'Reconnecting');
    if (!this.at) return;
    this.place.classList.add('old');
    this.attention.lost(new Date(this.at));
  }

  /** @param {unknown} data */
  take(data) {
    const now = snapshotOf(data);
    this.at = now.at;
    sessionStorage.setItem(KEY, this.key);
    this.pools ??= new Pools(byId('pools', HTMLElement), this.key);
    const lately = this.lately ??= new Lately(byId('lately', HTMLElement), this.key);
    lately.follow(now);
    const open = (/** @type {string} */ call) => void lately.why.open(call);
    this.attention.draw(now, this.pools.pools);
    this.place.classList.remove('old');
    this.chart.add(now.at, now.recent);
    this.stages(now);
    drawFigures(byId('figures', HTMLElement), now);
    drawFlow(byId('flow', HTMLElement), now, open);
    this.chart.draw();
    drawStages(this.table, now);
    drawQueues(byId('queues', HTMLElement), now);
    drawWaits(byId('waits', HTMLElement), now);
    drawAgents(byId('agents', HTMLElement), now, open);
    drawLevels(byId('levels', HTMLElement), now);
    drawFallbacks(byId('fallbacks', HTMLElement), now);
    drawTrunks(byId('trunks', HTMLElement), now);
    drawShadow(byId('shadow', HTMLElement), now);
    if (now.isShadowed) this.differences ??= new Differences(byId('differences', HTMLElement), this.key, lately.why);
  }

  /** @param {Snapshot} now */
  stages(now) {
    if (this.stage.options.length === now.stages.length) return;
    fill(this.stage, now.stages.map(({ stage }) => h('option', { value: stage, selected: stage === this.chart.stage }, stageName(stage))));
  }

  /** @param {number} status */
  refused(status) {
    sessionStorage.removeItem(KEY);
    showLogin(status === 401 || status === 403 ? 'This key may not read the board.' : `The server answered ${status}.`);
  }

  /** @param {string} kind @param {string} text */
  connection(kind, text) {
    const chip = byId('connection', HTMLElement);
    chip.className = `chip ${kind}`;
    say(chip, text);
  }
}

/** @param {string} [fault] */
function showLogin(fault = '') {
  byId('login', HTMLElement).hidden = false;
  byId('board', HTMLElement).hidden = true;
  byId('bar', HTMLElement).hidden = true;
  const place = byId('login-fault', HTMLElement);
  place.hidden = !fault;
  place.textContent = fault;
  byId('key', HTMLInputElement).focus();
}

/** The demo's link has the key behind `#`, which no server sees; it is taken out of the address at once. */
function fromLink() {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (key) history.replaceState(null, '', location.pathname);
  return key;
}

function main() {
  byId('login-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    new Board(byId('key', HTMLInputElement).value.trim()).open();
  });
  const logOut = byId('log-out', HTMLButtonElement);
  fill(logOut, icon('out'), 'Close');
  logOut.addEventListener('click', () => { sessionStorage.removeItem(KEY); location.reload(); });
  const key = fromLink() ?? sessionStorage.getItem(KEY);
  if (key) new Board(key).open();
  else showLogin();
}

main();
