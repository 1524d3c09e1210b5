/** A certificate of the tests for this machine, made anew each time; Chromium takes this one and no other that nobody has signed. */

import { execFileSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../target/browser/', import.meta.url));

/** @type {{ certificate: string, key: string, pem: string, spki: string } | null} */
let made = null;

/** Where its files are, its text, and the hash of its public key. */
export function certificate() {
  return (made ??= make());
}

function make() {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, 'web.pem'), key = join(FOLDER, 'web.key');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-out', file, '-keyout', key], { stdio: 'ignore' });
  const pem = readFileSync(file, 'utf8');
  const spki = createHash('sha256').update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  return { certificate: file, key, pem, spki };
}
