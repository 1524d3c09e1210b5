/** What goes wrong in this browser is told to the server, for its log: nobody there could know it. Nobody waits for the answer. */

/** What the server takes. */
const KNOWN = new Set(['microphone-refused', 'microphone-missing', 'microphone-busy', 'microphone-insecure', 'no-webrtc', 'no-sound', 'no-codec']);

/** @param {string} server its origin @param {string} token of the intent, or of the desk's telephone @param {string} code anything that the server does not know is kept back */
export function report(server, token, code) {
  if (!KNOWN.has(code)) return;
  void fetch(`${server}/v1/trouble`, {
    method: 'POST', keepalive: true, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ code }),
  }).catch(() => {});
}

/** The code of a microphone's fault. @param {import('./media.js').MicrophoneFault} fault */
export const codeOf = (fault) => (fault === 'unsupported' ? 'no-webrtc' : `microphone-${fault}`);
