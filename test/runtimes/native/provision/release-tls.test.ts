import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../../../../src/platform/processes.ts';
import { DOWNLOAD_LIMITS, downloadText } from '../../../../src/runtimes/native/provision/release/download.ts';
import { ReleaseServer } from './release-server.ts';

let server: ReleaseServer;
let certificate: string;
const trusted = getCACertificates('default');

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'leitstand-tls-'));
  const [key, cert] = [join(root, 'key.pem'), join(root, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  await runProgram('openssl', [...request, ...names, '-keyout', key, '-out', cert]);
  certificate = await readFile(cert, 'utf8');
  server = await ReleaseServer.start(createServer({ key: await readFile(key), cert: certificate }));
  await rm(root, { recursive: true });
});
afterEach(async () => {
  setDefaultCACertificates(trusted);
  await server.stop();
});

function load(path: string, host = 'localhost') {
  const downloads = { env: {}, limits: DOWNLOAD_LIMITS, silent: new Map<string, string>() };
  return downloadText(new URL(`https://${host}:${server.port}${path}`), downloads, { maxBytes: 1000 });
}

it('follows a redirect to https, and only so often', async () => {
  setDefaultCACertificates([...trusted, certificate]);
  server.answers.set('/start', (_, response) => {
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  server.answers.set('/round', (_, response) => {
    response.writeHead(302, { location: '/round' }).end();
  });
  server.file('/elsewhere', 'here it is');
  expect(await load('/start')).toBe('here it is');
  await expect(load('/round')).rejects.toThrow('redirects more than 5 times');
});

it('a certificate that nobody vouches for, or that is for another name, is no connection', async () => {
  server.file('/file', 'x');
  await expect(load('/file')).rejects.toThrow(/signed by an authority that is not trusted here/);
  setDefaultCACertificates([...trusted, certificate]);
  await expect(load('/file', '127.0.0.1')).rejects.toThrow(/its certificate is for another name/);
  expect(server.asked).toEqual([]);
});
