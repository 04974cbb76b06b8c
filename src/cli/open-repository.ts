import { join } from 'node:path';
import type { AgeIdentity, LockDays, Repository } from '../repository/repository.ts';
import type { LeitstandError } from '../platform/errors.ts';
import { exists } from '../platform/files.ts';
import type { Session } from './session.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';

/**
 * To read: makes nothing. The public half of the key is enough; what is encrypted opens as far as this host has the keys,
 * and with `identities` all that is encrypted to them.
 */
export async function openStackRepository(
  context: CommandContext,
  stack: Stack,
  identities: readonly AgeIdentity[] = [],
): Promise<Repository> {
  const { store, directory, world: common, keys, repository } = await prepare(context, stack);
  await repository.assertRepository(store);
  const hostKey = await repository.loadHostKey(directory);
  const world = {
    ...common,
    identities,
    ...(hostKey
      ? { encryption: { recipients: [], hostKey, packKeys: repository.openPackKeys(directory) } }
      : {}),
  };
  const signingKey = await keys.loadSigningKey(directory);
  if (signingKey) return repository.openRepository(store, { ...world, signingKey });
  const publicPath = join(directory, 'signing.pub.pem');
  if (!(await exists(publicPath))) throw keyMissing(store.label, directory);
  return repository.openRepository(store, { ...world, publicKey: await keys.loadPublicKey(publicPath) });
}

/** To read with these keys alone, as another machine would. */
export async function openWithIdentities(
  context: CommandContext,
  stack: Stack,
  identities: readonly AgeIdentity[],
): Promise<Repository> {
  const { store, directory, world, keys, repository } = await prepare(context, stack);
  await repository.assertRepository(store);
  const publicKey = await keys.loadPublicKey(join(directory, 'signing.pub.pem'));
  return repository.openRepository(store, { ...world, identities, publicKey });
}

/**
 * The signing key of this stack is here, or none was ever needed. Throws LS-CLI-004 where a new one would take its place
 * beside the repository that it made; a store that cannot be reached is not waited for.
 */
export async function requireOwnKey(context: CommandContext, stack: Stack): Promise<void> {
  const { store, directory, keys, repository } = await prepare(context, stack);
  if (await keys.loadSigningKey(directory)) return;
  if (await repository.isRepository(store)) throw keyMissing(store.label, directory);
}

/**
 * To write: made with its signing key at the first backup. Throws LS-CLI-007 when earlier backups are on record and
 * the place is empty, unless a new one is `wanted`.
 */
export async function openRepositoryToWrite(
  context: CommandContext,
  session: Session,
  wanted: boolean,
): Promise<{ readonly repository: Repository; readonly isNew: boolean }> {
  const { stack, history, sources } = session;
  const { store, directory, world: common, keys, repository } = await prepare(context, stack);
  const { recoveryKeys } = stack.backup;
  const open = async () => ({
    ...common,
    ...(recoveryKeys.length === 0
      ? {}
      : {
          encryption: {
            recipients: recoveryKeys,
            hostKey: await repository.loadOrCreateHostKey(directory),
            packKeys: repository.openPackKeys(directory),
          },
        }),
  });
  if (await repository.isRepository(store)) {
    const signingKey = await keys.loadSigningKey(directory);
    if (!signingKey) throw keyMissing(store.label, directory);
    return {
      repository: await repository.openRepository(store, { ...(await open()), signingKey }),
      isNew: false,
    };
  }
  const earlier = sources.some(
    ({ component }) => history.proofs.latestProven('backup', component) !== undefined,
  );
  if (earlier && !wanted) {
    throw cliErrors.error('LS-CLI-007', {
      what: `the ${store.label} is gone: earlier backups were stored there`,
      why: 'the disk is not mounted, or the path has changed',
      fix: 'mount it or correct `backup: {directory: …}`; to begin anew: leitstand backup --new-repository',
    });
  }
  const signingKey = await keys.loadOrCreateSigningKey(directory);
  return {
    repository: await repository.initialiseRepository(store, { ...(await open()), signingKey }),
    isNew: true,
  };
}

async function prepare(context: CommandContext, stack: Stack) {
  const [{ openStore }, { loadOrCreateSigningKey, loadPublicKey, loadSigningKey }, repository] =
    await Promise.all([
      import('../repository/stores/open-store.ts'),
      import('../repository/keys.ts'),
      import('../repository/repository.ts'),
    ]);
  return {
    store: await openStore(stack.backup.store),
    directory: join(stack.stateDir, 'keys'),
    world: {
      clock: context.clock,
      random: context.random,
      lockDays: lockDaysOf(stack),
      onWarning: ({ message, details }: LeitstandError) =>
        context.output.talk(
          `warning: ${[message, details.why].filter(Boolean).join(': ')}\n  fix: ${details.fix ?? ''}`,
        ),
    },
    keys: { loadOrCreateSigningKey, loadPublicKey, loadSigningKey },
    repository,
  };
}

/** Longer than retention keeps a backup: what goes wrong on its last day can be undone for a week. */
const BEYOND_RETENTION_DAYS = 7;
/** As `object_lock.days` at most: a retention mistyped must not lock for a lifetime. */
const LONGEST_LOCK_DAYS = 3650;

function lockDaysOf({ backup: { store, retention, retentionOf } }: Stack): LockDays | undefined {
  const lock = store.kind === 's3' ? store.objectLock : undefined;
  if (lock === undefined) return undefined;
  const daysOf = (source: string | undefined) => (retentionOf[source ?? ''] ?? retention).days;
  return (source) => lock.days ?? Math.min(LONGEST_LOCK_DAYS, daysOf(source) + BEYOND_RETENTION_DAYS);
}

function keyMissing(label: string, directory: string) {
  return cliErrors.error('LS-CLI-004', {
    what: 'the signing key of this stack is not there, but its repository is',
    why: `the ${label} was made with a key that lay in ${directory}`,
    fix: `put signing.pem (to read, signing.pub.pem is enough) back into ${directory}; encrypted backups hold it: leitstand restore --kit FILE --source leitstand DIRECTORY; to begin anew, set \`backup: {directory: …}\` to an empty place`,
  });
}
