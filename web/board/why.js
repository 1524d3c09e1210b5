/** Why a call went where it went, as it was decided at the time: `GET /v1/calls/{id}/explain` in words. */

import { fill, h } from '../lib/dom.js';
import { ask } from './lately.js';
import { table } from './parts.js';
import { span, stageName } from './snapshot.js';

/** @typedef {{ condition: string, asked: string, given: string }} Condition */
/** @typedef {{ rule: string, failed?: Condition, met?: Condition[] }} Tried */
/** @typedef {{ policy: string, access: { answer: string, rule: string, reason: string, queue?: string }, tried: Tried[] }} Decision */
/** @typedef {{ agent: string, failed?: string, passed_over: { agent: string, why: string }[] }} Offer */
/**
 * @typedef {object} Explained
 * @property {string} call
 * @property {{ level: string, why: string, evidence: { text: string }[], candidates: { intent: string, share: number, found_by: string[], is: string }[] }} match
 * @property {Decision[]} decisions
 * @property {{ queue: string, position?: number, expected_wait_s?: number }} [queue]
 * @property {Offer[]} offers
 * @property {string} [agent]
 * @property {string} [fallback]
 * @property {string} [outcome]
 * @property {{ stage: string, us: number, took_us: number }[]} stages
 */

export class Why {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    this.content = h('div', { class: 'why' });
    this.dialog = h('dialog', { class: 'card', 'aria-labelledby': 'why-title' },
      h('div', { class: 'card-head' }, h('h2', { id: 'why-title' }, 'Why it went there'), h('button', { class: 'button', type: 'button', onclick: () => this.dialog.close() }, 'Close')),
      this.content);
    document.body.append(this.dialog);
  }

  /** @param {string} call */
  async open(call) {
    fill(this.content, h('p', { class: 'quiet' }, 'One moment…'));
    if (!this.dialog.open) this.dialog.showModal();
    const told = await ask(`/v1/calls/${call}/explain`, this.key);
    fill(this.content, ...(told ? explained(told) : [h('p', {}, 'The server does not know this call any more.')]));
  }
}

/** @param {Explained} told */
function explained(told) {
  const end = [told.agent && `with ${told.agent}`, told.fallback && `fallback: ${words(told.fallback)}`, told.outcome && words(told.outcome)].filter(Boolean).join(', ');
  return [
    h('p', { class: 'quiet numbers' }, end ? `${told.call} · ${end}` : told.call),
    part('Whose call it was taken for', matched(told)),
    ...told.decisions.map((one, at) => part(told.decisions.length > 1 ? `What the rules said, ${at + 1}` : 'What the rules said', decided(one))),
    told.queue && part('The queue', [h('p', {}, queued(told.queue))]),
    told.offers.length > 0 && part('Who was offered it', told.offers.map(offered)),
    part('When', [table('Stages', ['Stage', 'After', 'Took'], told.stages.map((one) => [stageName(one.stage), span(one.us), span(one.took_us)]))]),
  ];
}

/** @param {string} title @param {(Node | false)[]} content */
function part(title, content) {
  return h('section', {}, h('h3', {}, title), ...content);
}

/** @param {Explained} told @returns {(Node | false)[]} */
function matched({ match }) {
  return [
    h('p', {}, h('b', {}, match.level), ` – ${match.why}.`),
    match.evidence.length > 0 && h('p', { class: 'quiet' }, `This call ${new Intl.ListFormat('en').format(match.evidence.map(({ text }) => text))}.`),
    match.candidates.length > 1 && table('Intents that came into question', ['Intent', 'Found by', 'Share', 'Is'], match.candidates.map((one) => [one.intent, one.found_by.join(', '), `${(100 * one.share).toFixed(1)} %`, one.is]), 99),
  ];
}

/** @param {Decision} decision */
function decided({ policy, access, tried }) {
  const to = access.queue && access.answer !== 'queue' ? `${words(access.answer)}, queue ${access.queue}` : [words(access.answer), access.queue].filter(Boolean).join(' ');
  return [
    h('p', {}, h('b', {}, to), ` – ${access.reason}.`),
    h('ol', { class: 'tried' }, tried.map(({ rule, failed, met = [] }) => h('li', { class: failed ? '' : 'decided' },
      h('b', {}, rule), failed ? h('span', { class: 'quiet' }, said(failed)) : h('span', { class: 'chip good' }, 'decided'),
      met.map((one) => h('span', { class: 'quiet' }, said(one)))))),
    h('p', { class: 'quiet small numbers' }, `Policy ${policy}`),
  ];
}

/** @param {Condition} condition */
function said({ condition, asked, given }) {
  return `${words(condition)}: asked ${asked}, got ${given}`;
}

/** @param {{ queue: string, position?: number, expected_wait_s?: number }} queue */
function queued({ queue, position, expected_wait_s: wait }) {
  if (position === undefined) return `In ${queue} somebody was free at once.`;
  return `It waited in ${queue}, as number ${position} at first${wait === undefined ? '' : `, about ${wait} s expected`}.`;
}

/** @param {Offer} offer */
function offered({ agent, failed, passed_over: others }) {
  return h('p', {}, h('b', {}, agent), failed ? `: ${words(failed)}. ` : '. ',
    others.length > 0 && h('span', { class: 'quiet' }, `Passed over: ${passedOver(others)}.`));
}

/** So many are named of those with the same reason. */
const NAMED = 4;

/** @param {Offer['passed_over']} others */
function passedOver(others) {
  /** @type {Map<string, string[]>} */
  const byWhy = new Map();
  for (const { agent, why } of others) byWhy.set(why, [...(byWhy.get(why) ?? []), agent]);
  return [...byWhy].map(([why, agents]) => {
    const more = agents.length - NAMED;
    return `${agents.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''} (${words(why)})`;
  }).join('; ');
}

/** @param {string} text */
function words(text) {
  return text.replaceAll(/[-_]/g, ' ');
}
