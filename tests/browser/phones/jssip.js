/** A telephone made of JsSIP, as a company might have it; `window.phone` is what the test presses. */

import JsSIP from 'jssip';

const { server, uri, password } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const audio = document.querySelector('audio');
const said = [];
let session = null, before = null;

const socket = new JsSIP.WebSocketInterface(server);
const ua = new JsSIP.UA({ sockets: [socket], uri, password, register: true, session_timers: false });
ua.on('registered', () => said.push('registered'));
ua.on('registrationFailed', ({ cause }) => said.push(`registration failed: ${cause}`));
ua.on('newRTCSession', (event) => {
  before = session?.isEstablished() ? session : null;
  session = event.session;
  said.push(event.originator === 'remote' ? 'rings' : 'calls');
  const hear = ({ track, streams }) => { audio.srcObject = streams[0] ?? new MediaStream([track]); };
  if (session.connection) session.connection.addEventListener('track', hear);
  else session.on('peerconnection', ({ peerconnection }) => peerconnection.addEventListener('track', hear));
  for (const name of ['confirmed', 'ended', 'failed', 'hold', 'unhold']) session.on(name, ({ cause } = {}) => said.push(cause ? `${name}: ${cause}` : name));
  session.on('newInfo', ({ originator, info }) => { if (originator === 'remote') said.push(`info ${info.body}`); });
  session.on('newDTMF', ({ originator, dtmf }) => { if (originator === 'remote') said.push(`key ${dtmf.tone}`); });
});
ua.start();

const media = { mediaConstraints: { audio: true, video: false } };

window.phone = {
  said,
  call: (target) => { ua.call(target, media); },
  answer: () => session.answer(media),
  hold: () => new Promise((resolve) => { session.hold({}, resolve); }),
  resume: () => new Promise((resolve) => { session.unhold({}, resolve); }),
  keys: (keys) => { session.sendDTMF(keys, { transportType: 'RFC2833', duration: 5000 }); },
  info: (keys) => new Promise((resolve) => {
    session.sendDTMF(keys, { transportType: 'INFO', extraHeaders: [] });
    setTimeout(resolve, 300);
  }),
  /** Resolves when the REFER is taken; how it ends is said. */
  refer: (target) => new Promise((resolve, reject) => {
    session.refer(target, { eventHandlers: {
      requestSucceeded: () => resolve('taken'),
      requestFailed: ({ cause, response }) => reject(new Error(`${cause}: ${response?.status_code}`)),
      accepted: () => said.push('passed on'),
      failed: () => said.push('not passed on'),
    } });
  }),
  /** Joins the call before with the one that was made since (REFER with Replaces); resolves when it is taken. */
  join: () => new Promise((resolve, reject) => {
    before.refer(session.remote_identity.uri, { replaces: session, eventHandlers: {
      requestSucceeded: () => resolve('taken'),
      requestFailed: ({ cause, response }) => reject(new Error(`${cause} ${response?.status_code} ${response?.reason_phrase}`)),
      accepted: () => said.push('joined'),
      failed: () => said.push('not joined'),
    } });
  }),
  end: () => session.terminate(),
};
