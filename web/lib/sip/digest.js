/**
 * Digest answers to a challenge (RFC 3261 section 22, RFC 7616, RFC 8760): MD5 and SHA-256, qop auth or none.
 */

/** @typedef {{ user: string, password: string }} Credentials */

/**
 * The value of Authorization or Proxy-Authorization; empty when the challenge asks for what we cannot do.
 * @param {string} challenge the value of WWW-Authenticate or Proxy-Authenticate
 * @param {{ method: string, uri: string, credentials: Credentials, cnonce: string, count: number }} request
 */
export async function answer(challenge, request) {
  const asked = fields(challenge);
  const algorithm = (asked.get('algorithm') ?? 'MD5').toUpperCase();
  const hash = HASHES[algorithm];
  const qops = (asked.get('qop') ?? '').split(',').map((qop) => qop.trim().toLowerCase()).filter(Boolean);
  if (!hash || (qops.length > 0 && !qops.includes('auth'))) return '';
  const { user, password } = request.credentials;
  const realm = asked.get('realm') ?? '', nonce = asked.get('nonce') ?? '';
  const secret = await hash(`${user}:${realm}:${password}`);
  const what = await hash(`${request.method}:${request.uri}`);
  const nc = request.count.toString(16).padStart(8, '0');
  const middle = qops.length > 0 ? `${nonce}:${nc}:${request.cnonce}:auth` : nonce;
  const parts = [
    `Digest username="${user}"`, `realm="${realm}"`, `nonce="${nonce}"`, `uri="${request.uri}"`,
    `response="${await hash(`${secret}:${middle}:${what}`)}"`, `algorithm=${asked.get('algorithm') ?? 'MD5'}`,
  ];
  if (qops.length > 0) parts.push('qop=auth', `nc=${nc}`, `cnonce="${request.cnonce}"`);
  if (asked.has('opaque')) parts.push(`opaque="${asked.get('opaque')}"`);
  return parts.join(', ');
}

/** Whether we can answer it. @param {string} challenge */
export function isKnown(challenge) {
  return /^digest\s/i.test(challenge) && (fields(challenge).get('algorithm') ?? 'MD5').toUpperCase() in HASHES;
}

/** @param {string} challenge @returns {Map<string, string>} */
function fields(challenge) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const match of challenge.replace(/^digest\s+/i, '').matchAll(/([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi)) {
    found.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '');
  }
  return found;
}

/** @type {Record<string, (text: string) => Promise<string>>} */
const HASHES = {
  MD5: async (text) => md5(text),
  'SHA-256': async (text) => hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))),
};

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** How far each step turns, RFC 1321 section 3.4. */
const TURNS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/** RFC 1321; browsers have no MD5 of their own. @param {string} text */
export function md5(text) {
  const words = padded(new TextEncoder().encode(text));
  const sums = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d] = /** @type {[number, number, number, number]} */ (sums);
    for (let step = 0; step < 64; step += 1) {
      const round = step >> 4;
      const [mixed, index] = mix(round, step, b, c, d);
      const turn = /** @type {number} */ (TURNS[round]?.[step & 3]);
      const sum = (a + mixed + Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) + (words[block + index] ?? 0)) | 0;
      [a, d, c, b] = [d, c, b, (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0];
    }
    [a, b, c, d].forEach((value, at) => { sums[at] = ((sums[at] ?? 0) + value) | 0; });
  }
  return hex(new Uint8Array(new Uint32Array(sums.map((sum) => sum >>> 0)).buffer));
}

/** @param {number} round @param {number} step @param {number} b @param {number} c @param {number} d @returns {[number, number]} */
function mix(round, step, b, c, d) {
  if (round === 0) return [(b & c) | (~b & d), step];
  if (round === 1) return [(d & b) | (~d & c), (5 * step + 1) & 15];
  if (round === 2) return [b ^ c ^ d, (3 * step + 5) & 15];
  return [c ^ (b | ~d), (7 * step) & 15];
}

/** The text, a one bit, zeros, and its length in bits, as little-endian words. @param {Uint8Array} bytes */
function padded(bytes) {
  const all = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setUint32(all.length - 8, (bytes.length << 3) >>> 0, true);
  view.setUint32(all.length - 4, Math.floor(bytes.length / 2 ** 29), true);
  return Array.from({ length: all.length / 4 }, (_, at) => view.getUint32(at * 4, true));
}
