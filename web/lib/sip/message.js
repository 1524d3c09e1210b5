/**
 * SIP messages as text (RFC 3261 section 7): read, written, and the parts of header fields that a user agent looks into.
 */

/** @typedef {[name: string, value: string]} Header */

/**
 * A request has a method, a response has a status.
 * @typedef {object} Message
 * @property {string} method empty for a response
 * @property {string} uri empty for a response
 * @property {number} status 0 for a request
 * @property {string} reason
 * @property {Header[]} headers
 * @property {string} body
 */

/** @typedef {{ display: string, uri: string, params: Map<string, string> }} Address */

/** RFC 3261 section 7.3.3 and its followers. @type {Record<string, string>} */
const COMPACT = {
  i: 'call-id', m: 'contact', e: 'content-encoding', l: 'content-length', c: 'content-type', f: 'from',
  s: 'subject', k: 'supported', t: 'to', v: 'via', r: 'refer-to', b: 'referred-by', o: 'event', x: 'session-expires',
};

/** What may hold several values divided by commas. */
const LISTS = new Set(['via', 'route', 'record-route', 'contact', 'supported', 'require', 'allow', 'path']);

/**
 * Reads one message; null for what is not one.
 * @param {string} text
 * @returns {Message | null}
 */
export function read(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const lines = text.slice(0, end).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const message = startOf(lines[0] ?? '');
  if (!message) return null;
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon <= 0) return null;
    const name = line.slice(0, colon).trim().toLowerCase();
    message.headers.push([COMPACT[name] ?? name, line.slice(colon + 1).trim()]);
  }
  message.body = text.slice(end + 4);
  return message;
}

/** @param {string} line @returns {Message | null} */
function startOf(line) {
  const response = /^SIP\/2\.0 (\d{3})(?: (.*))?$/i.exec(line);
  if (response) {
    return { method: '', uri: '', status: Number(response[1]), reason: response[2] ?? '', headers: [], body: '' };
  }
  const request = /^(\S+) (\S+) SIP\/2\.0$/i.exec(line);
  if (!request) return null;
  return { method: request[1] ?? '', uri: request[2] ?? '', status: 0, reason: '', headers: [], body: '' };
}

/** @param {Message} message @returns {string} */
export function write(message) {
  const start = message.method
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;
  const lines = message.headers.map(([name, value]) => `${title(name)}: ${value}`);
  const length = new TextEncoder().encode(message.body).length;
  return [start, ...lines, `Content-Length: ${length}`, '', message.body].join('\r\n');
}

/** `call-id` as `Call-ID`, `cseq` as `CSeq`. @param {string} name */
function title(name) {
  const special = { 'call-id': 'Call-ID', cseq: 'CSeq', 'www-authenticate': 'WWW-Authenticate' };
  return special[/** @type {keyof typeof special} */ (name)] ?? name.replace(/(^|-)[a-z]/g, (part) => part.toUpperCase());
}

/** The first value of a field, empty when there is none. @param {Message} message @param {string} name */
export function first(message, name) {
  return all(message, name)[0] ?? '';
}

/** Every value of a field, in order. @param {Message} message @param {string} name @returns {string[]} */
export function all(message, name) {
  const values = message.headers.filter(([header]) => header === name).map(([, value]) => value);
  return LISTS.has(name) ? values.flatMap(split) : values;
}

/** Splits at commas outside quotes and angle brackets. @param {string} value @returns {string[]} */
export function split(value) {
  const parts = [];
  let part = '', quoted = false, depth = 0;
  for (let at = 0; at < value.length; at += 1) {
    const c = value.charAt(at);
    if (quoted && c === '\\') { part += c + value.charAt(at += 1); continue; }
    if (c === '"') quoted = !quoted;
    else if (!quoted && c === '<') depth += 1;
    else if (!quoted && c === '>') depth -= 1;
    if (c === ',' && !quoted && depth === 0) { parts.push(part.trim()); part = ''; } else part += c;
  }
  if (part.trim()) parts.push(part.trim());
  return parts;
}

/** The address of From, To, Contact, Refer-To (RFC 3261 section 20.10). @param {string} value @returns {Address} */
export function address(value) {
  const named = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>(.*)$/.exec(value);
  if (named) {
    const display = (named[1] ?? named[2] ?? '').replace(/\\(.)/g, '$1').trim();
    return { display, uri: named[3] ?? '', params: params(named[4] ?? '') };
  }
  const bare = value.indexOf(';');
  return bare < 0
    ? { display: '', uri: value.trim(), params: new Map() }
    : { display: '', uri: value.slice(0, bare).trim(), params: params(value.slice(bare)) };
}

/** `;name=value;flag`, names in lower case. @param {string} text @returns {Map<string, string>} */
export function params(text) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const match of text.matchAll(/;\s*([^=;\s]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;]*))?/g)) {
    const value = (match[2] ?? '').trim();
    found.set((match[1] ?? '').toLowerCase(), value.startsWith('"') ? value.slice(1, -1) : value);
  }
  return found;
}

/** The user part of a URI, empty when it has none. @param {string} uri */
export function userOf(uri) {
  const match = /^sips?:([^@;?]*)@/i.exec(uri) ?? /^tel:([^;]*)/i.exec(uri);
  try {
    return decodeURIComponent(match?.[1] ?? '');
  } catch {
    return match?.[1] ?? '';
  }
}

/** @param {Message} message @returns {{ number: number, method: string }} */
export function cseq(message) {
  const [number, method] = first(message, 'cseq').split(/\s+/);
  return { number: Number(number), method: (method ?? '').toUpperCase() };
}

/** Random letters for tags, branches and ids. @param {number} [length] */
export function draw(length = 12) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => 'abcdefghijklmnopqrstuvwxyz012345'.charAt(byte & 31)).join('');
}

/** Quotes a display name. @param {string} text */
export function quote(text) {
  return `"${text.replace(/["\\]/g, '\\$&').replace(/[\r\n]/g, ' ')}"`;
}
