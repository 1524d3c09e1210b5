/** The agent's state, and the buttons that change it. */

import { fill, h } from '../lib/dom.js';

/** @typedef {import('./desk.js').Desk} Desk */

/** Where the server has no list. */
const BREAKS = ['lunch', 'coffee', 'meeting', 'training'];

/** States that end by themselves, after which comes what the agent asks for meanwhile. @type {Record<string, string>} */
export const BUSY = { offered: 'Offered', on_call: 'On a call', wrap_up: 'Wrap-up' };

/** @param {HTMLElement} place @param {Desk} desk */
export function drawStates(place, desk) {
  const { state } = desk.state;
  const away = !desk.isOpen, next = BUSY[state] && desk.next?.state;
  // Drawn anew only when it differs, so that whoever works with the keyboard, or has the menu open, stays there.
  const shown = JSON.stringify([state, away, next, desk.breaks]);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const menu = h('div', { class: 'menu', role: 'menu', 'aria-label': 'Reason for the break', hidden: true },
    (desk.breaks.length ? desk.breaks : BREAKS).map((reason) => h('button', { class: 'button plain', type: 'button', role: 'menuitem', onclick: () => desk.ask('break', reason) }, reason.charAt(0).toUpperCase() + reason.slice(1))));
  if (next === 'break' && state === 'on_call') menu.prepend(h('button', { class: 'button plain', type: 'button', role: 'menuitem', onclick: () => void desk.ask('available') }, 'No break'));
  const open = (/** @type {boolean} */ shown) => {
    menu.hidden = !shown;
    breaks.setAttribute('aria-expanded', String(shown));
    if (shown) /** @type {HTMLElement | null} */ (menu.querySelector('button'))?.focus();
  };
  const breaks = h('button', { class: 'button break', type: 'button', 'data-id': 'break', 'aria-pressed': String(state === 'break' || next === 'break'), 'aria-haspopup': 'menu', 'aria-expanded': 'false', disabled: away, onclick: () => open(menu.hidden) }, next === 'break' ? 'Break next' : 'Break');
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') { open(false); breaks.focus(); }
    if (!step) return;
    event.preventDefault();
    const items = /** @type {HTMLElement[]} */ ([...menu.children]);
    items[(items.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step + items.length) % items.length]?.focus();
  });
  menu.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node) || !(menu.contains(relatedTarget) || relatedTarget === breaks)) open(false);
  });
  const busy = BUSY[state];
  fill(place,
    busy
      ? h('span', { class: `busy ${state}` }, busy)
      : h('button', { class: 'button available', type: 'button', 'data-id': 'available', 'aria-pressed': String(state === 'available'), disabled: away, onclick: () => void desk.ask('available') }, 'Available'),
    breaks,
    h('button', { class: 'button', type: 'button', 'data-id': 'offline', 'aria-pressed': String(state === 'offline' || next === 'offline'), disabled: away, onclick: () => void desk.ask('offline') }, next === 'offline' ? 'Offline next' : 'Offline'),
    menu);
  // Whoever has chosen from the menu is back at its button.
  const again = focused && (place.querySelector(`[data-id="${focused.getAttribute('data-id')}"]`) ?? breaks);
  if (again instanceof HTMLElement) again.focus();
}
