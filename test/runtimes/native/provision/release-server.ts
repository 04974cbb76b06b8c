import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { writeTar } from '../../../../src/runtimes/native/provision/tar.ts';
import type { ProgramSpec, ReleaseArchive } from '../../../../src/stack/program.ts';

/** Stands in for https://github.com, as a mirror: path → answer. */
export class ReleaseServer {
  readonly asked: string[] = [];
  readonly answers = new Map<string, RequestListener>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      this.asked.push(request.url ?? '');
      const answer = this.answers.get(request.url ?? '');
      if (answer) answer(request, response);
      else response.writeHead(404).end();
    });
  }

  static async start(server: Server = createServer()): Promise<ReleaseServer> {
    const started = new ReleaseServer(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  file(path: string, body: Buffer | string): void {
    this.answers.set(path, (_, response) => {
      response.setHeader('content-length', Buffer.byteLength(body));
      response.end(body);
    });
  }

  /** A release as the projects make it: archive and checksums. */
  async publish(
    version = '3.16.0',
    script = (name: string) => versionScript(name, version),
  ): Promise<Buffer> {
    const top = `mainprog-${version}.linux-${ARCH}`;
    const archive = await makeArchive({
      [`${top}/LICENSE`]: 'free',
      [`${top}/mainprog`]: script('mainprog'),
      [`${top}/maintool`]: script('maintool'),
    });
    this.file(`${releasePath(version)}/${archiveName(version)}`, archive);
    const other = ARCH === 'amd64' ? 'arm64' : 'amd64';
    this.file(
      `${releasePath(version)}/sha256sums.txt`,
      `${sha256(archive)}  ${archiveName(version)}\n${'1'.repeat(64)}  mainprog-${version}.linux-${other}.tar.gz\n`,
    );
    return archive;
  }
}

export const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';

export function releasePath(version: string): string {
  return `/main/main/releases/download/v${version}`;
}

export function archiveName(version: string): string {
  return `mainprog-${version}.linux-${ARCH}.tar.gz`;
}

export function versionScript(name: string, version: string): string {
  return `#!/bin/sh\necho '${name}, version ${version} (branch: x)'\n`;
}

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

export async function makeArchive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const entries = Object.entries(files).map(([name, text]) => ({
    name,
    mode: 0o755,
    size: Buffer.byteLength(text),
    body: [Buffer.from(text)],
  }));
  return gzipSync(Buffer.concat(await Readable.from(writeTar(entries)).toArray()));
}

const RELEASE = {
  version: '3.16.0',
  base: 'https://github.com/main/main/releases/download/v{version}',
  archive: 'mainprog-{version}.linux-{arch}.tar.gz',
  checksums: 'sha256sums.txt',
  architectures: { amd64: 'amd64', arm64: 'arm64' },
} satisfies Omit<ReleaseArchive, 'path'>;

/** A program and its tool of one archive, as prometheus and promtool are. */
export const released: { readonly main: ProgramSpec; readonly tool: ProgramSpec } = {
  main: { name: 'mainprog', release: { ...RELEASE, path: 'mainprog-{version}.linux-{arch}/mainprog' } },
  tool: { name: 'maintool', release: { ...RELEASE, path: 'mainprog-{version}.linux-{arch}/maintool' } },
};
