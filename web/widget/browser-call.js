/** "Call from this browser": microphone, connection and call of a customer, and in words what goes wrong. */

import { Phone } from '../lib/sip.js';
import { MICROPHONE_FAULTS, MicrophoneError, canCall, closeMicrophone, openMicrophone } from '../lib/media.js';
import { codeOf } from '../lib/trouble.js';

/** @typedef {import('../lib/sip.js').Call} Call */
/** @typedef {{ code: string, title: string, remedy: string }} Trouble */

const CONNECT_WITHIN_MS = 8_000;

/** Events: `change`, `trouble` (detail: Trouble). */
export class BrowserCall extends EventTarget {
  /** @param {string} server @param {string} token */
  constructor(server, token) {
    super();
    this.server = server;
    this.token = token;
    /** @type {Phone | null} */
    this.phone = null;
    /** @type {Call | null} */
    this.call = null;
    /** @type {MediaStream | null} */
    this.microphone = null;
    this.isStarting = false;
    this.isLost = false;
  }

  /** Whether a call is being made or goes on. */
  get isOn() {
    return this.isStarting || (this.call !== null && !this.call.isOver);
  }

  async start() {
    if (this.isOn) return;
    if (!canCall()) return this.trouble({ code: 'no-webrtc', ...MICROPHONE_FAULTS[isSecureContext ? 'unsupported' : 'insecure'] });
    this.isStarting = true;
    this.changed();
    try {
      // Together: neither waits for the other.
      const connected = this.connect();
      connected.catch(() => {});
      this.microphone = await openMicrophone();
      const phone = await connected;
      this.begin(phone, this.microphone);
    } catch (fault) {
      this.stop();
      this.trouble(troubleOf(fault));
    } finally {
      this.isStarting = false;
      this.changed();
    }
  }

  /** @returns {Promise<Phone>} */
  connect() {
    const url = `${this.server.replace(/^http/, 'ws')}/sip?token=${encodeURIComponent(this.token)}`;
    const phone = this.phone = new Phone({ url: async () => url, uri: 'sip:customer@browser.invalid', register: false });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('offline')), CONNECT_WITHIN_MS);
      phone.addEventListener('state', () => {
        if (phone.state === 'connected') { clearTimeout(late); resolve(phone); }
        if (phone.state === 'refused' && !this.call) { clearTimeout(late); reject(new Error('refused')); }
        this.isLost = phone.state !== 'connected';
        this.changed();
      });
      phone.start();
    });
  }

  /** @param {Phone} phone @param {MediaStream} microphone */
  begin(phone, microphone) {
    const call = this.call = phone.call(`sip:call@${new URL(this.server).hostname}`, microphone);
    call.addEventListener('sound', () => this.changed());
    call.addEventListener('change', () => {
      if (call.isOver) this.over(call);
      this.changed();
    });
  }

  /** @param {Call} call */
  over(call) {
    this.stop();
    const ending = call.ending;
    if (!ending || ending.by === 'us' || ending.status === 0) return;
    this.trouble(endingTrouble(ending));
  }

  /** The server says that the call is over, and the connection that should have brought that is away. */
  endedMeanwhile() {
    this.call?.end({ by: 'network', status: 481, text: 'the call ended while the connection was lost' });
  }

  hangUp() {
    this.call?.end();
    if (!this.call) this.stop();
  }

  stop() {
    const phone = this.phone;
    this.phone = null;
    closeMicrophone(this.microphone);
    this.microphone = null;
    // What is under way passes before the connection ends; a BYE that is not answered yet has longer.
    setTimeout(() => void phone?.stop(), 1_000);
  }

  /** @param {Trouble} trouble */
  trouble(trouble) {
    this.dispatchEvent(new CustomEvent('trouble', { detail: trouble }));
  }

  changed() {
    this.dispatchEvent(new CustomEvent('change'));
  }
}

/** @param {unknown} fault @returns {Trouble} */
function troubleOf(fault) {
  if (fault instanceof MicrophoneError) return { code: codeOf(fault.fault), ...MICROPHONE_FAULTS[fault.fault] };
  if (fault instanceof Error && fault.message === 'refused') {
    return { code: 'expired', title: 'This contact has expired', remedy: 'Begin again with "Contact us"; it takes a moment.' };
  }
  return { code: 'offline', title: 'We cannot be reached from here right now', remedy: 'Check your connection and try again, or call by telephone.' };
}

/** @param {import('../lib/sip/call.js').Ending} ending @returns {Trouble} */
function endingTrouble({ by, status, text }) {
  if (status === 488) {
    return { code: 'no-codec', title: 'This browser and our telephones do not understand each other', remedy: 'Use a current Firefox, Chrome, Edge or Safari, or call from your telephone.' };
  }
  if (status === 408) {
    return { code: 'no-sound', title: 'No sound could be set up', remedy: 'A firewall may be in the way. Try another network, or call from your telephone.' };
  }
  if (status === 403) return { code: 'expired', title: 'This contact has expired', remedy: 'Begin again with "Contact us"; it takes a moment.' };
  if (status === 481) {
    return { code: 'ended', title: 'The call has ended', remedy: 'It ended while the connection to our server was interrupted. If you were not done, call again.' };
  }
  if (status === 503 && by === 'network') return { code: 'offline', title: 'The connection was lost', remedy: 'Call again; you keep your place.' };
  if (status === 503 && text === 'Service Unavailable') {
    return { code: 'busy', title: 'Too many people are calling at this moment', remedy: 'Try again in a minute, or choose another way.' };
  }
  // A single word is a cause for machines.
  const why = text.includes(' ') ? `${text}. ` : '';
  return { code: 'refused', title: 'The call was not taken', remedy: `${why}Try again in a few minutes, or choose another way.` };
}
