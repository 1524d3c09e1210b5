/** The microphone, what is heard, and how loud both are. */

/** @typedef {'refused' | 'missing' | 'busy' | 'insecure' | 'unsupported'} MicrophoneFault */

/** What a person can do about it. @type {Record<MicrophoneFault, { title: string, remedy: string }>} */
export const MICROPHONE_FAULTS = {
  refused: {
    title: 'The microphone is blocked',
    remedy: 'Click the symbol beside the address of this page, allow the microphone, and try again.',
  },
  missing: { title: 'No microphone was found', remedy: 'Plug in a headset or a microphone, and try again.' },
  busy: { title: 'The microphone is in use', remedy: 'Close the program that uses it, and try again.' },
  insecure: { title: 'This page may not use the microphone', remedy: 'Open it by https, and try again.' },
  unsupported: { title: 'This browser cannot make calls', remedy: 'Use a current Firefox, Chrome, Edge or Safari.' },
};

export class MicrophoneError extends Error {
  /** @param {MicrophoneFault} fault */
  constructor(fault) {
    super(MICROPHONE_FAULTS[fault].title);
    this.fault = fault;
  }
}

/** Whether this browser has what a call needs. */
export function canCall() {
  return typeof RTCPeerConnection === 'function' && typeof WebSocket === 'function' && Boolean(navigator.mediaDevices?.getUserMedia);
}

/** Asks for the microphone. Throws a MicrophoneError that says what to do. */
export async function openMicrophone() {
  if (typeof RTCPeerConnection !== 'function') throw new MicrophoneError('unsupported');
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError(isSecureContext ? 'unsupported' : 'insecure');
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (fault) {
    throw new MicrophoneError(faultOf(fault));
  }
}

/** @param {unknown} fault @returns {MicrophoneFault} */
function faultOf(fault) {
  const name = fault instanceof DOMException ? fault.name : '';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'refused';
}

/** @param {MediaStream | null} stream */
export function closeMicrophone(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Plays what the other side says; false when the browser wants a click first. @param {HTMLAudioElement} element @param {MediaStream | null} stream */
export async function play(element, stream) {
  if (element.srcObject !== stream) element.srcObject = stream;
  if (!stream) return true;
  try {
    await element.play();
    return true;
  } catch (fault) {
    return fault instanceof DOMException && fault.name === 'AbortError';
  }
}

/** @type {AudioContext | null} */
let shared = null;

/** One context for the page; it starts with the first click. */
export function audio() {
  shared ??= new AudioContext();
  if (shared.state === 'suspended') void shared.resume().catch(() => {});
  return shared;
}

/** How loud a stream is. */
export class Meter {
  /** @param {MediaStream} stream */
  constructor(stream) {
    const context = audio();
    this.source = context.createMediaStreamSource(stream);
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 1024;
    this.source.connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
  }

  /** 0 is silence, 1 is loud. */
  level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this.samples.length + 1e-9);
    return Math.max(0, Math.min(1, (decibels + 60) / 50));
  }

  close() {
    this.source.disconnect();
  }
}

/** A ring that is heard until it is stopped: two soft notes every two seconds. */
export class Ringer {
  constructor() {
    this.timer = 0;
  }

  start() {
    if (this.timer) return;
    this.once();
    this.timer = setInterval(() => this.once(), 2_000);
  }

  once() {
    note(659, 0, 0.18);
    note(784, 0.2, 0.3);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
  }
}

/** @param {number} hertz @param {number} after in seconds @param {number} lasts in seconds */
export function note(hertz, after, lasts) {
  const context = audio();
  if (context.state !== 'running') return;
  const from = context.currentTime + after;
  const tone = context.createOscillator(), volume = context.createGain();
  tone.frequency.value = hertz;
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(0.12, from + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, from + lasts);
  tone.connect(volume).connect(context.destination);
  tone.start(from);
  tone.stop(from + lasts);
}
