/**
 * Whether a server answers at all, asked before a websocket is tried again. Chromium holds back the websockets of a page of which a
 * dozen have failed, by seconds more each time (as RFC 6455 section 7.2.3 asks), also the one that would work; a request it does not.
 */

const WITHIN_MS = 5_000;

/** @param {string} url of the websocket */
export async function isThere(url) {
  const { protocol, host } = new URL(url, location.href);
  try {
    const asked = await fetch(`${protocol.replace('ws', 'http')}//${host}/healthz`, { mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(WITHIN_MS) });
    // Of another origin we learn no more than that something has answered.
    return asked.type === 'opaque' || asked.status < 500;
  } catch {
    return false;
  }
}
