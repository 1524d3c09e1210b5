/** What two user agents share for a call (RFC 3261 section 12), and the requests inside it. */

import { address, all, cseq, draw, first } from './message.js';

/** @typedef {import('./message.js').Message} Message */
/** @typedef {import('./message.js').Header} Header */
/** Enough to name a dialog after a reload. @typedef {{ callId: string, localTag: string, remoteTag: string }} DialogIds */

export class Dialog {
  /** @param {{ callId: string, localTag: string, local: string, remote: string, target: string }} start `local` and `remote` are addresses without tags */
  constructor({ callId, localTag, local, remote, target }) {
    this.callId = callId;
    this.localTag = localTag;
    this.remoteTag = '';
    this.local = local;
    this.remote = remote;
    this.target = target;
    /** @type {string[]} */
    this.routes = [];
    this.localSeq = Math.floor(Math.random() * 10_000) + 1;
    this.remoteSeq = 0;
  }

  /** The dialog that an INVITE to us begins. @param {Message} invite */
  static toAnswer(invite) {
    const from = first(invite, 'from');
    const dialog = new Dialog({
      callId: first(invite, 'call-id'),
      localTag: draw(10),
      local: first(invite, 'to'),
      remote: from.replace(/;\s*tag=[^;]*/i, ''),
      target: address(first(invite, 'contact')).uri,
    });
    dialog.remoteTag = address(from).params.get('tag') ?? '';
    dialog.remoteSeq = cseq(invite).number;
    dialog.routes = all(invite, 'record-route');
    return dialog;
  }

  /** What a response to our INVITE tells of the other side. @param {Message} response */
  learn(response) {
    const tag = address(first(response, 'to')).params.get('tag');
    if (tag) this.remoteTag = tag;
    this.refresh(response);
    this.routes = all(response, 'record-route').reverse();
  }

  /** Where the other side is from now on. @param {Message} message */
  refresh(message) {
    const contact = first(message, 'contact');
    if (contact) this.target = address(contact).uri;
  }

  /** Whether a request inside the dialog comes in order (RFC 3261 section 12.2.2). @param {Message} request */
  takes(request) {
    const { number } = cseq(request);
    if (number < this.remoteSeq) return false;
    this.remoteSeq = number;
    return true;
  }

  /** @returns {Header[]} */
  headers() {
    const to = this.remoteTag ? `${this.remote};tag=${this.remoteTag}` : this.remote;
    return [
      ...this.routes.map((route) => /** @type {Header} */ (['route', route])),
      ['max-forwards', '70'],
      ['from', `${this.local};tag=${this.localTag}`],
      ['to', to],
      ['call-id', this.callId],
    ];
  }

  /** @returns {DialogIds} */
  ids() {
    return { callId: this.callId, localTag: this.localTag, remoteTag: this.remoteTag };
  }
}
