import { open, readlink, stat } from 'node:fs/promises';
import type { Clock } from '../platform/clock.ts';
import { systemErrorCode } from '../platform/errors.ts';
import type { NativeLayout } from '../runtimes/native/layout.ts';

const CHECK_MS = 2_000;

/** `moved`: it is elsewhere now, or only its lock is gone. `removed`: nobody can reach it any more. */
export type StateLoss = 'moved' | 'removed';

/**
 * Whether the daemon still serves the directory it has locked. Somebody may have moved or removed it, and a second
 * daemon may serve a new one at the same path; the inodes of the old one cannot be used again while it is held.
 */
export class StateGuard {
  readonly #layout: NativeLayout;
  readonly #lock: string;
  readonly #directory: Awaited<ReturnType<typeof open>>;

  private constructor(layout: NativeLayout, lock: string, directory: Awaited<ReturnType<typeof open>>) {
    this.#layout = layout;
    this.#lock = lock;
    this.#directory = directory;
  }

  /** Its caller holds the lock. */
  static async open(layout: NativeLayout): Promise<StateGuard> {
    const lock = (await identityOf(layout.lock)) ?? '';
    return new StateGuard(layout, lock, await open(layout.stateDir, 'r'));
  }

  /** Undefined also when nobody can tell, as while a network file system does not answer. */
  async loss(): Promise<StateLoss | undefined> {
    try {
      if ((await identityOf(this.#layout.lock)) === this.#lock) return undefined;
      // Source: proc(5), /proc/PID/fd: ` (deleted)` follows the path of what has been removed.
      const now = await readlink(`/proc/self/fd/${this.#directory.fd}`);
      return now.endsWith(' (deleted)') ? 'removed' : 'moved';
    } catch {
      return undefined;
    }
  }

  /** Resolves with the loss, or with undefined once aborted. */
  async watch(clock: Clock, signal: AbortSignal): Promise<StateLoss | undefined> {
    while (!signal.aborted) {
      const loss = await this.loss();
      if (loss) return loss;
      await clock.sleep(CHECK_MS, signal).catch(() => undefined);
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#directory.close();
  }
}

async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}
