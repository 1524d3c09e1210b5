/** A telephone made of SIP.js, as a company might have it; `window.phone` is what the test presses. */

import { Invitation, Inviter, Registerer, SessionState, UserAgent } from 'sip.js';

const { server, uri, password } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const audio = document.querySelector('audio');
const said = [];
let session = null;

/** @param {import('sip.js').Session} made */
function take(made) {
  session = made;
  session.stateChange.addListener((state) => {
    said.push(state);
    if (state === SessionState.Established) {
      const stream = new MediaStream();
      for (const { track } of session.sessionDescriptionHandler.peerConnection.getReceivers()) if (track) stream.addTrack(track);
      audio.srcObject = stream;
    }
  });
  session.delegate = {
    onInfo: (info) => { said.push(`info ${info.request.body}`); void info.accept(); },
    onNotify: (notification) => { void notification.accept(); },
  };
}

const ua = new UserAgent({
  uri: UserAgent.makeURI(uri), authorizationUsername: UserAgent.makeURI(uri).user, authorizationPassword: password,
  transportOptions: { server }, logLevel: 'error',
  delegate: { onInvite: (invitation) => { take(invitation); said.push('rings'); } },
});
await ua.start();
const registerer = new Registerer(ua);
registerer.stateChange.addListener((state) => said.push(state.toLowerCase()));
await registerer.register();

const hold = (on) => new Promise((resolve, reject) => {
  void session.invite({
    sessionDescriptionHandlerOptions: { hold: on },
    requestDelegate: { onAccept: () => resolve('held or not'), onReject: ({ message }) => reject(new Error(String(message.statusCode))) },
  });
});

window.phone = {
  said,
  call: (target) => {
    const inviter = new Inviter(ua, UserAgent.makeURI(target));
    take(inviter);
    return inviter.invite().then(() => undefined);
  },
  answer: () => (session instanceof Invitation ? session.accept() : undefined),
  hold: () => hold(true),
  resume: () => hold(false),
  keys: (keys) => { if (!session.sessionDescriptionHandler.sendDtmf(keys, { duration: 5000 })) throw new Error('no key was sent'); },
  info: (keys) => session.info({ requestOptions: { body: { contentDisposition: 'render', contentType: 'application/dtmf-relay', content: `Signal=${keys}\r\nDuration=160` } } }).then(() => undefined),
  refer: (target) => new Promise((resolve, reject) => {
    void session.refer(UserAgent.makeURI(target), {
      requestDelegate: { onAccept: () => resolve('accepted'), onReject: ({ message }) => reject(new Error(String(message.statusCode))) },
    });
  }),
  end: () => session.bye(),
};
