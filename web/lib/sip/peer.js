/** The sound of one call: an RTCPeerConnection with one audio line, and what SIP needs of it. */

/** Candidates that are not there by then are left out: the server learns the path from our checks (RFC 8445, ICE-lite). */
const GATHER_WITHIN_MS = 200;
/** The candidates of this machine come together. */
const MORE_WITHIN_MS = 25;
/** RFC 4733 events: long enough for old IVRs. */
const KEY_MS = 120;
const GAP_MS = 70;

/**
 * Events: `state` (detail: RTCPeerConnectionState), `sound` (detail: MediaStream of the other side).
 */
export class Peer extends EventTarget {
  /** @param {MediaStream} microphone */
  constructor(microphone) {
    super();
    this.microphone = microphone;
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
    /** @type {MediaStream | null} */
    this.sound = null;
    this.pc.onconnectionstatechange = () => this.tell('state', this.pc.connectionState);
    this.pc.ontrack = ({ track, streams }) => {
      this.sound = streams[0] ?? new MediaStream([track]);
      this.tell('sound', this.sound);
    };
  }

  /** Whether sound flows. */
  get isConnected() {
    return this.pc.connectionState === 'connected';
  }

  /** @returns {Promise<string>} */
  async offer() {
    this.addMicrophone();
    await this.pc.setLocalDescription(await this.pc.createOffer());
    return this.description();
  }

  /** Our answer to their offer. @param {string} offer @returns {Promise<string>} */
  async answer(offer) {
    await this.pc.setRemoteDescription({ type: 'offer', sdp: offer });
    this.addMicrophone();
    await this.pc.setLocalDescription(await this.pc.createAnswer());
    return this.description();
  }

  /** Their answer to our offer; a provisional one may be followed by another. @param {string} answer @param {boolean} isFinal */
  async accept(answer, isFinal) {
    if (this.pc.signalingState === 'stable') return;
    await this.pc.setRemoteDescription({ type: isFinal ? 'answer' : 'pranswer', sdp: answer });
  }

  /** An offer of ours that came to nothing. */
  async rollback() {
    if (this.pc.signalingState === 'have-local-offer') await this.pc.setLocalDescription({ type: 'rollback' });
  }

  /** What the next offer says: held calls are sent no sound that they could hear. @param {boolean} held */
  hold(held) {
    for (const line of this.pc.getTransceivers()) line.direction = held ? 'sendonly' : 'sendrecv';
  }

  /** @param {boolean} muted */
  mute(muted) {
    for (const track of this.microphone.getAudioTracks()) track.enabled = !muted;
  }

  /** False when the other side takes no keys as events. @param {string} keys */
  press(keys) {
    const sender = this.pc.getSenders().find(({ dtmf }) => dtmf?.canInsertDTMF);
    if (!sender?.dtmf) return false;
    sender.dtmf.insertDTMF(sender.dtmf.toneBuffer + keys, KEY_MS, GAP_MS);
    return true;
  }

  close() {
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  addMicrophone() {
    if (this.pc.getSenders().some(({ track }) => track)) return;
    for (const track of this.microphone.getAudioTracks()) this.pc.addTrack(track, this.microphone);
  }

  /** Our description with the candidates that are known soon. */
  async description() {
    await this.gathered();
    return this.pc.localDescription?.sdp ?? '';
  }

  /** @returns {Promise<void>} */
  gathered() {
    return new Promise((resolve) => {
      const look = () => { if (this.pc.iceGatheringState === 'complete') resolve(); };
      this.pc.addEventListener('icegatheringstatechange', look);
      this.pc.addEventListener('icecandidate', () => setTimeout(resolve, MORE_WITHIN_MS), { once: true });
      setTimeout(resolve, GATHER_WITHIN_MS);
      look();
    });
  }

  /** @param {string} type @param {unknown} detail */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
