/** Percentiles over time, drawn as lines on a logarithmic scale: a tail of two seconds and a median of a millisecond fit one picture. */

import { fill, h, svg } from '../lib/dom.js';
import { span } from './snapshot.js';

/** @typedef {import('./snapshot.js').StageRow} StageRow */
/** @typedef {{ at: number, p50: number, p90: number, p99: number }} Point */

const HEIGHT = 240, LEFT = 62, BOTTOM = 24, TOP = 8;
/** How much is shown, and so kept: ten minutes at one point a second. */
const SHOWN_MS = 10 * 60_000;
/** @type {['p50', 'p90', 'p99']} */
const LINES = ['p50', 'p90', 'p99'];

export class Chart {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    /** @type {Map<string, Point[]>} */
    this.points = new Map();
    this.stage = '';
  }

  /** @param {number} at @param {StageRow[]} stages */
  add(at, stages) {
    for (const { stage, count, p50, p90, p99 } of stages) {
      if (count === 0) continue;
      const points = this.points.get(stage) ?? [];
      points.push({ at, p50, p90, p99 });
      while (points[0] && points[0].at < at - SHOWN_MS) points.shift();
      this.points.set(stage, points);
    }
  }

  draw() {
    const points = this.points.get(this.stage) ?? [];
    const last = points.at(-1);
    if (!last) {
      fill(this.place, h('p', { class: 'quiet' }, 'No call has come this far yet.'));
      return;
    }
    const width = Math.max(280, this.place.clientWidth);
    const scale = new Scale(points, width);
    const image = svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': `Now: ${LINES.map((name) => `${name} ${span(last[name])}`).join(', ')}` },
      ...scale.grid(), ...LINES.map((name) => svg('path', { class: name, d: scale.path(points, name) })));
    fill(this.place, h('div', { class: 'chart-box' }, image),
      h('p', { class: 'legend' }, LINES.map((name) => h('span', {}, key(name), `${name} ${span(last[name])}`))));
  }
}

/** @param {string} name */
function key(name) {
  return svg('svg', { class: 'key', viewBox: '0 0 26 8', 'aria-hidden': 'true' }, svg('path', { class: name, d: 'M1 4h24' }));
}

/** From times and microseconds to places in the picture. */
class Scale {
  /** @param {Point[]} points @param {number} width */
  constructor(points, width) {
    this.width = width;
    const values = points.flatMap((point) => LINES.map((name) => Math.max(1, point[name])));
    this.low = Math.floor(Math.log10(Math.min(...values)));
    this.high = Math.max(this.low + 1, Math.ceil(Math.log10(Math.max(...values))));
    this.to = points.at(-1)?.at ?? 0;
    this.from = Math.min(points[0]?.at ?? 0, this.to - 60_000);
  }

  /** @param {number} at */
  x(at) {
    return LEFT + ((at - this.from) / (this.to - this.from)) * (this.width - LEFT - 6);
  }

  /** @param {number} us */
  y(us) {
    const part = (Math.log10(Math.max(1, us)) - this.low) / (this.high - this.low);
    return HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP);
  }

  /** @param {Point[]} points @param {'p50' | 'p90' | 'p99'} name */
  path(points, name) {
    return points.map((point, at) => `${at ? 'L' : 'M'}${this.x(point.at).toFixed(1)} ${this.y(point[name]).toFixed(1)}`).join('') + (points.length === 1 ? 'h6' : '');
  }

  grid() {
    const lines = [];
    for (let power = this.low; power <= this.high; power += 1) {
      const y = this.y(10 ** power);
      lines.push(svg('line', { class: 'grid', x1: LEFT, x2: this.width, y1: y, y2: y }), text(LEFT - 8, y + 4, 'end', span(10 ** power).replace(/\.0+ /, ' ')));
    }
    const minutes = Math.max(1, Math.round((this.to - this.from) / 60_000));
    const every = minutes > 5 || this.width < 500 ? 2 : 1;
    for (let ago = 0; ago <= minutes; ago += every) {
      const x = this.x(this.to - ago * 60_000);
      if (x >= LEFT - 1) lines.push(text(Math.min(x, this.width - 4), HEIGHT - 6, ago === 0 ? 'end' : 'middle', ago === 0 ? 'now' : `-${ago} min`));
    }
    return lines;
  }
}

/** @param {number} x @param {number} y @param {string} anchor @param {string} words */
function text(x, y, anchor, words) {
  return svg('text', { x, y, 'text-anchor': anchor }, document.createTextNode(words));
}
