import type { Server } from 'node:http';
import { chmod, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Clock } from '../platform/clock.ts';
import { LeitstandError } from '../platform/errors.ts';
import { readDaemonAddress, writeDaemonAddress } from '../runtimes/native/daemon-address.ts';
import { type NativeLayout, secureSocketDirectory, socketPath } from '../runtimes/native/layout.ts';
import { daemonErrors } from './errors.ts';

const CHECK_MS = 5_000;

export interface DaemonSocketOptions {
  readonly layout: NativeLayout;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly clock: Clock;
  readonly app: Hono;
}

/**
 * The daemon's Unix socket. It is opened again when its file vanishes: `$XDG_RUNTIME_DIR` goes with the user's
 * last session, and `/tmp` is swept. Its address is in `run/daemon.json`, for callers with another environment; on
 * a full disk it is written once there is room.
 */
export class DaemonSocket {
  readonly #options: DaemonSocketOptions;
  readonly #closing = new AbortController();
  #announced = false;
  #listening: { readonly server: Server; readonly path: string; readonly inode: bigint } | undefined;

  constructor(options: DaemonSocketOptions) {
    this.#options = options;
  }

  /** Throws LS-DAEMON-004 or LS-RUNTIME-009. Whoever calls holds the daemon lock: a file that is there is stale. */
  async open(): Promise<void> {
    const { layout, env, uid, app } = this.#options;
    const path = await socketPath(layout.stateDir, env, uid);
    try {
      await secureSocketDirectory(dirname(path), uid);
      await rm(path, { force: true });
      // Before it answers: who reaches it may look for the address next. One that is announced too early is refused.
      await this.#announce(path);
      const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
      await listen(server, path);
      await chmod(path, 0o600);
      this.#listening = { server, path, inode: (await stat(path, { bigint: true })).ino };
    } catch (error) {
      if (error instanceof LeitstandError) throw error;
      throw daemonErrors.error('LS-DAEMON-004', {
        what: 'the daemon cannot open its socket',
        why: String(error),
        where: { file: path },
        fix: `make ${dirname(path)} writable for the user who runs Leitstand`,
        cause: error,
      });
    }
  }

  async #announce(path: string): Promise<void> {
    this.#announced = await writeDaemonAddress(this.#options.layout, path).then(
      () => true,
      () => false,
    );
  }

  /** Until `close`. A socket that cannot be opened again is tried again: the programs must stay watched. */
  async guard(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#options.clock.sleep(CHECK_MS, this.#closing.signal).catch(() => undefined);
      if (this.#closing.signal.aborted) continue;
      if (await this.#isThere()) {
        if (this.#listening && !this.#announced) await this.#announce(this.#listening.path);
        continue;
      }
      this.#listening?.server.close();
      this.#listening = undefined;
      await this.open().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const listening = this.#listening;
    if (!listening) return;
    await this.#retract();
    const { server } = listening;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    // An answer under way gets a moment; a stream that nobody reads does not hold the daemon.
    const impatience = setTimeout(() => server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(impatience);
  }

  /** Another daemon's address, of a new state directory at the same path, stays. */
  async #retract(): Promise<void> {
    const { layout } = this.#options;
    const address = await readDaemonAddress(layout).catch(() => undefined);
    if (address?.pid === process.pid) await rm(layout.daemonAddress, { force: true }).catch(() => undefined);
  }

  async #isThere(): Promise<boolean> {
    const listening = this.#listening;
    if (!listening) return false;
    const found = await stat(listening.path, { bigint: true }).catch(() => undefined);
    return found?.ino === listening.inode;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
