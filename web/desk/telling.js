/** Calls that come while the agent looks at something else: a notification, if they want it, and the title of the page. */

import { h } from '../lib/dom.js';
import { kept } from './kept.js';

const TAG = 'throughline-call';

/** @type {Notification | null} */
let shown = null;

/** @param {string} title @param {string} text */
export function tell(title, text) {
  if (!('Notification' in window) || Notification.permission !== 'granted' || !kept.settings().notify) return;
  if (!document.hidden && document.hasFocus()) return;
  try {
    const made = shown = new Notification(title, { body: text, tag: TAG, requireInteraction: true });
    made.onclick = () => { window.focus(); made.close(); };
  } catch {
    // Some telephones show none from a page.
  }
}

/** The call is taken, or gone. */
export function tellNoMore() {
  shown?.close();
  shown = null;
}

/** Asked for only when the agent wants it. @param {() => void} changed */
export function tellingOption(changed) {
  if (!('Notification' in window)) return null;
  const settings = kept.settings();
  const isOn = settings.notify && Notification.permission === 'granted';
  const turn = async (/** @type {boolean} */ on) => {
    const may = on && Notification.permission === 'default' ? await Notification.requestPermission() : Notification.permission;
    kept.keepSettings({ ...kept.settings(), notify: on && may === 'granted' });
    changed();
  };
  return [
    h('label', { class: 'check' },
      h('input', { type: 'checkbox', checked: isOn, disabled: Notification.permission === 'denied', 'data-id': 'notify', onchange: (/** @type {Event} */ event) => void turn(/** @type {HTMLInputElement} */ (event.target).checked) }),
      h('span', {}, 'Show a notification when a call comes and this window is not in front')),
    Notification.permission === 'denied' && h('p', { class: 'quiet small' }, 'This browser was told to show none: the symbol beside the address allows them again.'),
  ];
}

/** Whether the ring may be heard: a browser is silent until somebody has clicked in the page, or pressed a key. */
export function mayRing() {
  return navigator.userActivation?.hasBeenActive ?? true;
}

/** Once, when it may. @param {() => void} act */
export function whenItMayRing(act) {
  const once = () => {
    for (const kind of ['pointerup', 'keyup']) removeEventListener(kind, once);
    act();
  };
  for (const kind of ['pointerup', 'keyup']) addEventListener(kind, once);
}
