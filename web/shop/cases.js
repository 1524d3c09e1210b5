/** The customer's cases: what agents wrote, to be followed and answered. */

import { fill, h } from '../lib/dom.js';

/** @typedef {{ id: string, subject?: { title?: string, id?: string }, reason?: { category: string, sub_category?: string }, outcome?: string, summary?: string, agent?: string, opened_at?: string, state?: string, feedback?: { helpful?: boolean, solved?: boolean } | null }} Case */

export class Cases {
  /** @param {HTMLElement} place @param {HTMLElement} note */
  constructor(place, note) {
    this.place = place;
    this.note = note;
    /** @type {Set<string>} */
    this.known = new Set();
    this.isFirst = true;
    this.shown = '';
  }

  /** Asks the shop's server, which asks Throughline. */
  async look() {
    /** @type {Case[]} */
    let cases;
    try {
      const response = await fetch('/help/cases', { headers: { Accept: 'application/json' } });
      if (!response.ok) throw new Error(`status ${response.status}`);
      cases = (await response.json()).cases ?? [];
    } catch {
      this.note.textContent = 'Cases cannot be shown right now.';
      return;
    }
    this.note.textContent = '';
    const text = JSON.stringify(cases);
    if (text !== this.shown) this.draw(cases);
    this.shown = text;
  }

  /** @param {Case[]} cases */
  draw(cases) {
    const fresh = cases.filter(({ id }) => !this.known.has(id));
    if (!this.isFirst && fresh.length) this.note.textContent = 'A new case is there.';
    if (cases.length === 0) fill(this.place, h('li', { class: 'none' }, 'No cases yet. After you have spoken with us, what was agreed is here.'));
    else fill(this.place, cases.map((one) => this.one(one, !this.isFirst && fresh.includes(one))));
    for (const { id } of cases) this.known.add(id);
    this.isFirst = false;
  }

  /** @param {Case} one @param {boolean} fresh */
  one(one, fresh) {
    const about = one.subject?.title || one.subject?.id || 'Your question';
    const why = [one.reason?.category, one.reason?.sub_category].filter(Boolean).join(', ');
    const when = one.opened_at ? new Date(one.opened_at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }) : '';
    return h('li', { class: `case${fresh ? ' fresh' : ''}` },
      h('header', {}, h('h3', {}, about), one.outcome ? h('span', { class: `chip ${one.outcome === 'solved' ? 'good' : 'accent'}` }, one.outcome.replace('-', ' ')) : h('span', { class: 'chip' }, 'open')),
      one.summary && h('p', {}, one.summary),
      h('p', { class: 'quiet small' }, [why, one.agent && `with ${one.agent}`, when, one.id].filter(Boolean).join(' · ')),
      this.feedback(one));
  }

  /** @param {Case} one */
  feedback(one) {
    if (!one.outcome) return null;
    if (one.feedback) return h('p', { class: 'quiet small' }, 'Thank you for your feedback.');
    const place = h('div', { class: 'feedback', role: 'group', 'aria-label': 'Did this help?' }, h('span', { class: 'small' }, 'Did this help?'));
    const send = async (/** @type {boolean} */ helpful) => {
      const response = await fetch(`/help/cases/${encodeURIComponent(one.id)}/feedback`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ helpful }),
      }).catch(() => null);
      fill(place, h('span', { class: 'small', role: 'status' }, response?.ok ? 'Thank you for your feedback.' : 'That was not taken; try again later.'));
    };
    place.append(
      h('button', { class: 'button', type: 'button', onclick: () => void send(true) }, 'Yes'),
      h('button', { class: 'button', type: 'button', onclick: () => void send(false) }, 'No'));
    return place;
  }
}
