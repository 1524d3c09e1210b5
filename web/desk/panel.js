/** The call panel: what can be done now, one drawing for each state of the call. */

import { Meter } from '../lib/media.js';
import { clock, fill, h, icon } from '../lib/dom.js';
import { mayRing, tellingOption } from './telling.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('../lib/dom.js').IconName} IconName */

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
/** @type {Record<string, string>} */
const LETTERS = { 2: 'abc', 3: 'def', 4: 'ghi', 5: 'jkl', 6: 'mno', 7: 'pqrs', 8: 'tuv', 9: 'wxyz' };

/** As colleagues see each other. @type {Record<string, string>} */
const STATES = { available: 'free', offered: 'about to talk', on_call: 'on a call', wrap_up: 'in a wrap-up', offline: 'takes no calls' };
const COLLEAGUES_SHOWN = 12;

/** The words for a call whose sound is not in this tab. */
const ELSEWHERE = {
  ours: ['Coming back to your call', 'The caller is still there. The sound is being connected again.', 'Connect now'],
  theirs: ['In another window', 'You speak with this caller in another window. You can move the call here; the caller does not notice.', 'Move the call here'],
  ended: ['Ending', 'The caller hears you no more. For them it ends as soon as your telephone is connected.', ''],
  unknown: ['On another device', 'You speak with this caller on another device or in another browser.', ''],
};

export class Panel {
  /** @param {HTMLElement} place @param {Desk} desk */
  constructor(place, desk) {
    this.place = place;
    this.desk = desk;
    /** What stands there now; drawn anew only when it differs, so that focus stays. */
    this.shown = '';
    this.drawer = '';
    /** How a transfer goes, in words. */
    this.passing = '';
    this.keys = '';
    /** Who else is at a desk, in the drawer that is open. */
    this.colleagues = h('ul', { class: 'colleagues', 'aria-label': 'Colleagues' });
    /** @type {{ ours: Meter | null, theirs: Meter | null }} */
    this.meters = { ours: null, theirs: null };
    setInterval(() => this.tick(), 250);
  }

  draw() {
    const { desk } = this;
    const call = desk.line.call;
    const state = [
      desk.phase, desk.caller, desk.state.state, desk.state.reason, desk.isDisplaced, call?.state, call?.held, call?.muted, call?.changing, call?.heldByThem, call?.interrupted,
      this.drawer, this.passing, desk.line.state, desk.line.isHere, desk.wantsClick, desk.call, desk.watch.isWith && !desk.pop, desk.recording, desk.consulting.state, desk.settings.auto, desk.settings.sounds, mayRing(), desk.line.whereIs(),
    ].join('|');
    if (state === this.shown) return;
    this.shown = state;
    const focused = this.place.contains(document.activeElement) ? document.activeElement?.getAttribute('data-id') : null;
    this.place.className = `card panel ${desk.phase}`;
    fill(this.place, this.content());
    const again = focused ? this.place.querySelector(`[data-id="${focused}"]`) : null;
    if (again instanceof HTMLElement) again.focus();
    this.tick();
  }

  content() {
    switch (this.desk.phase) {
      case 'offered': return this.offered();
      case 'ringing': return this.ringing();
      case 'talking': return this.talking();
      case 'elsewhere': return this.elsewhere();
      default: return this.idle();
    }
  }

  idle() {
    if (this.desk.isDisplaced) {
      return [h('div', { class: 'idle offline' }, h('span', { class: 'disc' }, icon('out')), h('h1', {}, 'This window is at rest'), h('p', { class: 'quiet' }, 'You work in another one. You can close this.'))];
    }
    const { state, reason, why } = this.desk.state;
    const here = this.desk.line.isHere;
    /** @type {Record<string, [IconName, string, string]>} */
    const words = {
      available: ['phone', 'You are available', 'The next call that fits your skills appears here.'],
      break: reason === 'paused' ? ['clock', 'No calls come to you for now', why ? `${why.charAt(0).toUpperCase()}${why.slice(1)}.` : 'A call was not answered.']
        : ['clock', 'You are on a break', reason ? `Reason: ${reason}.` : 'No call reaches you.'],
      offline: ['out', 'You take no calls', 'Go available when you are ready.'],
    };
    const [symbol, title, text] = words[state] ?? ['check', 'One moment', 'The last call is being put away.'];
    return [
      h('div', { class: `idle ${state}` }, h('span', { class: 'disc' }, icon(symbol)), h('h1', {}, title), h('p', { class: 'quiet' }, text),
        state !== 'available' && h('button', { class: 'button primary', type: 'button', 'data-id': 'go', onclick: () => this.desk.ask('available') }, 'Go available')),
      h('div', { class: 'options' },
        here && h('label', { class: 'check' },
          h('input', { type: 'checkbox', checked: this.desk.settings.auto, 'data-id': 'auto', onchange: (/** @type {Event} */ event) => this.desk.setAuto(/** @type {HTMLInputElement} */ (event.target).checked) }),
          h('span', {}, 'Answer calls for me, after a short tone')),
        tellingOption(() => { this.shown = ''; this.draw(); }),
        here && this.desk.settings.sounds && !mayRing() && h('p', { class: 'notice warn small' }, 'Click anywhere in this window once: until then the browser lets it make no sound, and you would not hear it ring.'),
        h('p', { class: 'quiet small' }, here ? lineWords(this.desk.line.state) : 'Calls ring on your own telephone.')),
    ];
  }

  offered() {
    return [
      h('div', { class: 'status' }, h('span', { class: 'chip accent' }, 'A call for you')),
      h('div', { class: 'who' }, h('h1', { dir: 'auto' }, this.desk.caller), h('p', { class: 'quiet' }, this.desk.line.isHere ? 'It rings in a moment.' : 'Your telephone rings in a moment.')),
      h('div', { class: 'actions' }, h('button', { class: 'button wide', type: 'button', 'data-id': 'decline', onclick: () => this.desk.decline() }, 'Not now')),
    ];
  }

  ringing() {
    const browser = this.desk.line.call?.state === 'ringing';
    return [
      h('div', { class: 'status' }, h('span', { class: 'chip good' }, 'Ringing')),
      h('div', { class: 'who' }, h('h1', { dir: 'auto' }, this.desk.caller), !browser && h('p', { class: 'quiet' }, 'Answer on your telephone.')),
      h('div', { class: 'actions' },
        browser && h('button', { class: 'button good wide answer', type: 'button', 'data-id': 'answer', onclick: () => void this.desk.answer() }, icon('phone'), 'Answer'),
        h('button', { class: 'button wide', type: 'button', 'data-id': 'decline', onclick: () => this.desk.decline() }, 'Not now')),
    ];
  }

  talking() {
    const call = this.desk.line.call;
    if (!call) return this.onTelephone();
    const chip = call.interrupted ? ['bad', 'Sound interrupted']
      : call.changing ? ['accent', call.changing === 'hold' ? 'Holding…' : 'Resuming…']
      : call.held ? ['warn', 'On hold'] : call.heldByThem ? ['warn', 'They hold the call'] : call.state === 'talking' ? ['good', 'Connected'] : ['accent', 'Connecting'];
    const ready = call.state === 'talking';
    // Whoever is with a colleague's call can do nothing to it but what stands beside it in the list.
    const isGuest = this.desk.watch.isWith && !this.desk.pop;
    return [
      h('div', { class: 'status' }, h('span', { class: `chip ${chip[0]}`, 'data-id': 'call-state' }, chip[1]), this.recordingChip(), h('span', { class: 'time numbers', 'data-id': 'time', role: 'timer' }, '0:00')),
      h('div', { class: 'who' }, h('h1', { dir: 'auto' }, this.desk.caller)),
      this.desk.wantsClick && h('button', { class: 'button primary', type: 'button', onclick: () => void this.desk.hear() }, icon('sound'), 'Let me hear the caller'),
      h('div', { class: 'meters', 'aria-hidden': 'true' },
        h('div', {}, isGuest ? 'They' : 'Caller', h('meter', { class: 'meter', id: 'their-level', min: 0, max: 1 })),
        h('div', {}, call.muted ? 'You (muted)' : 'You', h('meter', { class: 'meter', id: 'our-level', min: 0, max: 1 }))),
      this.passing && h('div', { class: 'notice', role: 'status' }, h('div', {}, this.passing)),
      h('div', { class: 'actions' },
        this.toggle('mute', call.muted, call.muted ? 'micOff' : 'mic', call.muted ? 'Unmute' : 'Mute', () => call.mute(!call.muted), !ready),
        !isGuest && this.toggle('hold', call.held, call.held ? 'play' : 'hold', call.held ? 'Resume' : 'Hold', () => void this.desk.hold(!call.held), !ready || call.changing !== ''),
        !isGuest && [
          this.opener('keypad', 'keypad', 'Keypad', !ready),
          this.opener('transfer', 'transfer', 'Transfer', !ready),
          this.opener('consult', 'chat', 'Ask first', !ready || Boolean(this.desk.consulting.state)),
        ],
        this.recordingButton(),
        this.notReachedButton(),
        // Where it is always, whatever is opened.
        h('button', { class: 'button danger wide', type: 'button', 'data-id': 'end', onclick: () => this.desk.end() }, icon('end'), isGuest ? 'Leave the call' : this.endWords()),
        this.consultation(),
        this.drawer === 'consult' && this.consult(),
        this.drawer === 'keypad' && this.keypad(),
        this.drawer === 'transfer' && this.transfer()),
    ];
  }

  /** Whoever hangs up while they ask somebody gives them the caller. */
  endWords() {
    const { to, state } = this.desk.consulting;
    return state && state !== 'ringing' ? `Hang up: ${to} has the caller` : 'End call';
  }

  onTelephone() {
    return [
      h('div', { class: 'status' }, h('span', { class: 'chip good' }, this.desk.callPhase === 'held' ? 'On hold' : 'On your telephone'), this.recordingChip(), h('span', { class: 'time numbers', 'data-id': 'time' }, '')),
      h('div', { class: 'who' }, h('h1', { dir: 'auto' }, this.desk.caller), h('p', { class: 'quiet' }, 'Hold, pass on and end the call on your telephone.')),
      h('div', { class: 'actions' },
        this.opener('consult', 'chat', 'Ask first', Boolean(this.desk.consulting.state)), this.recordingButton(), this.notReachedButton(),
        this.drawer === 'consult' && this.consult(), this.consultation()),
    ];
  }

  /** Of a callback: a machine has answered, or somebody else. */
  notReachedButton() {
    const isCallback = this.desk.pop?.fields.some((field) => field.key === 'callback');
    return isCallback && h('button', { class: 'button wide', type: 'button', 'data-id': 'not-reached', onclick: () => this.desk.notReached() }, 'Voicemail, or not reached');
  }

  recordingChip() {
    const { recording } = this.desk;
    if (recording === 'on') return h('span', { class: 'chip bad', 'data-id': 'recording' }, 'Recording');
    return recording === 'paused' && h('span', { class: 'chip warn', 'data-id': 'recording' }, 'Recording paused');
  }

  /** For card numbers. */
  recordingButton() {
    const { recording } = this.desk;
    const paused = recording === 'paused';
    return (recording === 'on' || paused) && h('button', {
      class: 'button wide', type: 'button', 'data-id': 'pause-recording', onclick: () => this.desk.pauseRecording(!paused),
    }, icon(paused ? 'play' : 'hold'), paused ? 'Resume recording' : 'Pause recording');
  }

  /** The call goes on, and its sound is not in this tab. */
  elsewhere() {
    const where = this.desk.line.whereIs();
    const [chip, text, act] = ELSEWHERE[where];
    return [
      h('div', { class: 'status' }, h('span', { class: 'chip warn' }, chip)),
      h('div', { class: 'who' }, h('h1', { dir: 'auto' }, this.desk.caller), h('p', { class: 'quiet' }, text)),
      act && h('div', { class: 'actions' }, h('button', { class: 'button primary wide', type: 'button', 'data-id': 'move', onclick: () => void this.desk.comeBack() }, icon('phone'), act)),
    ];
  }

  /** @param {string} id @param {boolean} on @param {IconName} symbol @param {string} text @param {() => void} act @param {boolean} disabled */
  toggle(id, on, symbol, text, act, disabled) {
    return h('button', { class: 'button', type: 'button', 'data-id': id, 'aria-pressed': String(on), disabled, onclick: act }, icon(symbol), text);
  }

  /** @param {string} id @param {IconName} symbol @param {string} text @param {boolean} disabled */
  opener(id, symbol, text, disabled) {
    const open = this.drawer === id;
    return h('button', {
      class: 'button', type: 'button', 'data-id': id, 'aria-expanded': String(open), disabled,
      onclick: () => {
        this.drawer = open ? '' : id;
        if (!open && id !== 'keypad') this.desk.socket.send({ type: 'colleagues' });
        this.draw();
        const first = this.place.querySelector('.drawer input, .drawer button');
        if (!open && first instanceof HTMLElement) first.focus();
      },
    }, icon(symbol), text);
  }

  keypad() {
    const output = h('output', { class: 'numbers', 'aria-live': 'polite' }, this.keys);
    const press = (/** @type {string} */ key) => {
      if (!this.desk.line.call?.press(key)) return this.desk.notice('keys', 'warn', 'The key was not sent', 'The other side takes no keys.');
      this.keys = (this.keys + key).slice(-24);
      output.textContent = this.keys;
    };
    return h('div', { class: 'drawer wide', role: 'group', 'aria-label': 'Keypad', onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (KEYS.includes(event.key)) press(event.key);
    } },
      output,
      h('div', { class: 'keypad' }, KEYS.map((key) => h('button', { class: 'button', type: 'button', onclick: () => press(key) }, key, LETTERS[key] && h('span', { class: 'quiet small', 'aria-hidden': 'true' }, LETTERS[key])))));
  }

  transfer() {
    const input = h('input', { class: 'input', id: 'transfer-to', 'data-id': 'transfer-to', autocomplete: 'off', autocapitalize: 'none', required: true });
    return h('form', { class: 'drawer wide', onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.desk.transfer(input.value);
    } },
      h('div', { class: 'field' }, h('label', { htmlFor: 'transfer-to' }, 'Pass the call on to'), input,
        h('span', { class: 'hint' }, 'An agent by name, or a number. The caller stays with you if nobody answers.')),
      this.colleagues,
      h('button', { class: 'button primary', type: 'submit' }, icon('transfer'), 'Transfer'));
  }

  consult() {
    const input = h('input', { class: 'input', id: 'consult-to', 'data-id': 'consult-to', autocomplete: 'off', autocapitalize: 'none', required: true });
    return h('form', { class: 'drawer wide', onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.desk.consult('ask', input.value);
    } },
      h('div', { class: 'field' }, h('label', { htmlFor: 'consult-to' }, 'Ask while the caller waits'), input,
        h('span', { class: 'hint' }, 'An agent by name, or a number. The caller hears the waiting sound meanwhile.')),
      this.colleagues,
      h('button', { class: 'button primary', type: 'submit' }, icon('chat'), 'Call them'));
  }

  /** Who is free comes first; a click writes the name down. @param {{ agent: string, state: string, reason?: string }[]} all */
  drawColleagues(all) {
    const rank = (/** @type {string} */ state) => (['available', 'wrap_up', 'on_call', 'offered'].indexOf(state) + 5) % 5;
    const sorted = [...all].sort((a, b) => rank(a.state) - rank(b.state) || a.agent.localeCompare(b.agent));
    fill(this.colleagues, sorted.slice(0, COLLEAGUES_SHOWN).map(({ agent, state, reason }) => h('li', {},
      h('button', { class: 'button', type: 'button', onclick: () => this.choose(agent) }, agent, h('span', { class: state === 'available' ? 'is-free' : 'quiet' }, STATES[state] ?? `on a break (${reason ?? state})`)))));
  }

  /** @param {string} agent */
  choose(agent) {
    const input = this.place.querySelector('.drawer input');
    if (!(input instanceof HTMLInputElement)) return;
    input.value = agent;
    /** @type {HTMLElement | null | undefined} */ (input.form?.querySelector('[type="submit"]'))?.focus();
  }

  /** Somebody is being asked. */
  consultation() {
    const { to, state } = this.desk.consulting;
    if (!state) return false;
    /** @type {Record<string, string>} */
    const words = { ringing: `Ringing at ${to}…`, consulting: `You speak with ${to}; the caller waits`, with_caller: `You speak with the caller; ${to} waits`, joined: `All three hear each other` };
    const act = (/** @type {string} */ act, /** @type {string} */ text, kind = '') => h('button', { class: `button ${kind}`, type: 'button', 'data-id': `consult-${act}`, onclick: () => this.desk.consult(act) }, text);
    return h('div', { class: 'drawer wide', role: 'group', 'aria-label': `Asking ${to}` },
      h('div', { role: 'status', 'data-id': 'consult-state' }, words[state] ?? state),
      h('div', { class: 'actions' },
        state !== 'ringing' && [act('swap', state === 'consulting' ? 'Back to the caller' : `Speak with ${to}`), act('join', 'All together'), act('complete', `Give ${to} the call`, 'primary')],
        act('cancel', state === 'ringing' ? 'Stop' : `End with ${to}`)));
  }

  /** What changes while nothing happens. */
  tick() {
    const call = this.desk.line.call;
    const time = this.place.querySelector('[data-id="time"]');
    const since = call?.since || this.desk.talkingSince;
    if (time && since) time.textContent = clock(Date.now() - since);
    this.listen(call?.state === 'talking' ? this.desk.line.microphone : null, call?.state === 'talking' ? call.sound : null);
    show('their-level', this.meters.theirs);
    show('our-level', call?.muted || call?.held || call?.changing === 'hold' ? null : this.meters.ours);
  }

  /** @param {MediaStream | null} ours @param {MediaStream | null} theirs */
  listen(ours, theirs) {
    if (this.meters.ours?.source.mediaStream !== (ours ?? undefined)) {
      this.meters.ours?.close();
      this.meters.ours = ours ? new Meter(ours) : null;
    }
    if (this.meters.theirs?.source.mediaStream !== (theirs ?? undefined)) {
      this.meters.theirs?.close();
      this.meters.theirs = theirs ? new Meter(theirs) : null;
    }
  }
}

/** @param {string} id @param {Meter | null} meter */
function show(id, meter) {
  const element = document.getElementById(id);
  if (element instanceof HTMLMeterElement) element.value = meter?.level() ?? 0;
}

/** @param {string} state */
function lineWords(state) {
  if (state === 'registered') return 'Your telephone is this page.';
  if (state === 'refused') return 'The telephone of this page was refused. Sign out and in again.';
  return 'The telephone of this page is connecting…';
}
