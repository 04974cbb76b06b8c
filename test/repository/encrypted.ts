import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import {
  type AgeIdentity,
  type EncryptionOptions,
  loadOrCreateHostKey,
  makeRecoveryKey,
  openPackKeys,
  openRepository,
  type Repository,
} from '../../src/repository/repository.ts';
import { type Fixture, makeRepository, scratch, world } from './fixture.ts';

export interface EncryptedFixture extends Fixture {
  readonly recovery: AgeIdentity;
  readonly encryption: EncryptionOptions;
  /** As on a new host, with the recovery key. */
  recovered(identities?: readonly AgeIdentity[]): Promise<Repository>;
  /** As another process of the same host, with these recipients. */
  again(recipients?: readonly string[], clock?: typeof systemClock): Promise<Repository>;
}

export async function encryptionOf(
  directory: string,
  recipients: readonly string[],
): Promise<EncryptionOptions> {
  const keys = join(directory, 'keys');
  return { recipients, hostKey: await loadOrCreateHostKey(keys), packKeys: openPackKeys(keys) };
}

export async function makeEncrypted(directory = scratch()): Promise<EncryptedFixture> {
  const recovery = await makeRecoveryKey();
  const encryption = await encryptionOf(directory, [recovery.recipient]);
  const fixture = await makeRepository(directory, encryption);
  const { store, key } = fixture;
  return {
    ...fixture,
    recovery,
    encryption,
    recovered: (identities = [recovery]) =>
      openRepository(store, { ...world, publicKey: key.publicKey, identities }),
    again: async (recipients = [recovery.recipient], clock = systemClock) =>
      openRepository(store, {
        ...world,
        clock,
        signingKey: key,
        encryption: await encryptionOf(directory, recipients),
      }),
  };
}
