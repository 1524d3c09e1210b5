/**
 * A small SIP user agent for browsers: SIP over a websocket (RFC 7118), sound by WebRTC.
 *
 * ```js
 * const phone = new Phone({ url: async () => 'wss://example.com/sip?token=...', uri: 'sip:anna@example.com', register: true });
 * phone.addEventListener('call', ({ detail: call }) => call.answer(microphone));
 * phone.start();
 * ```
 */

export { Call } from './sip/call.js';
export { Phone } from './sip/phone.js';
