/** A server for the files of `web/` with the policy that the program sends, for tests of a page against a server that misbehaves. */

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../../../web/', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const PLACES = { '/': 'shop/index.html', '/desk/': 'desk/index.html', '/board/': 'board/index.html', '/widget.js': 'widget/widget.js' };

/** @param {string} file */
export const typeOf = (file) => TYPES[extname(file)] ?? 'application/octet-stream';

/** The file of `web/` that the program has at this address, except for the shop's own. @param {string} path */
export const fileOf = (path) => {
  const file = path.startsWith('/web/') ? path.slice(5) : /^\/(desk|board)\//.test(path) ? (PLACES[path] ?? path.slice(1)) : path === '/widget.js' ? PLACES[path] : '';
  return file && join(WEB, normalize(file));
};

/**
 * Serves `web/` and whatever the handler answers; it comes first. Pages may speak to the origin `other` too, as a shop's may.
 * @param {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse, path: string) => boolean | Promise<boolean>} handler
 * @param {string} [other]
 */
export async function serve(handler, other = '') {
  const policy = other ? POLICY.replace("script-src 'self'", `script-src 'self' ${other}`).replace("connect-src 'self'", `connect-src 'self' ${other} ${other.replace('http', 'ws')}`) : POLICY;
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (await handler(request, response, path)) return;
    const file = PLACES[path] ?? (path.startsWith('/web/') ? normalize(path.slice(5)) : '');
    try {
      const body = await readFile(join(WEB, file));
      response.writeHead(200, { 'content-type': typeOf(file), 'content-security-policy': policy });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** @param {import('node:http').ServerResponse} response @param {unknown} body @param {number} [status] */
export function json(response, body, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return true;
}
