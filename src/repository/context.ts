import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../platform/clock.ts';
import type { LeitstandError } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';
import { repositoryErrors } from './errors.ts';
import type { Keyring } from './age/keyring.ts';
import type { SigningKey } from './keys.ts';
import type { TrustedKey } from './signed-record.ts';

/** For how many days a backup of this source is locked; undefined: a record over all sources. */
export type LockDays = (source: string | undefined) => number;

export type RandomBytes = (size: number) => Uint8Array;

/** What every part of an open repository works with. */
export interface RepositoryContext {
  readonly store: Store;
  readonly trusted: TrustedKey;
  /** Undefined when opened with the public key: reading only. */
  readonly signingKey: SigningKey | undefined;
  readonly keyring: Keyring;
  /** Undefined: nothing that is put is locked. */
  readonly lockDays: LockDays | undefined;
  /** What work goes on in spite of. */
  readonly onWarning: (warning: LeitstandError) => void;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export function signingKeyOf(context: RepositoryContext): SigningKey {
  if (context.signingKey) return context.signingKey;
  throw repositoryErrors.error('LS-REPO-014', {
    what: 'the repository was opened with the public key only, so nothing can be written',
    fix: 'run this on the host that holds keys/signing.pem',
  });
}

/**
 * Lets timers, signals and other work run between two pieces of synchronous work; throws the signal's reason
 * when cancelled.
 */
export function makePacer(clock: Clock, signal: AbortSignal | undefined): () => Promise<void> {
  const longestMs = 15;
  let last = clock.monotonic();
  return async () => {
    signal?.throwIfAborted();
    if (clock.monotonic() - last < longestMs) return;
    await setImmediate();
    last = clock.monotonic();
    signal?.throwIfAborted();
  };
}
