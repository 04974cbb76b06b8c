import { join } from 'node:path';
import type { Repository } from '../repository/repository.ts';
import { exists } from '../platform/files.ts';
import type { Session } from './session.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';

/** To read: makes nothing. The public half of the key is enough. */
export async function openStackRepository(context: CommandContext, stack: Stack): Promise<Repository> {
  const { store, directory, world, keys, repository } = await prepare(context, stack);
  await repository.assertRepository(store);
  const signingKey = await keys.loadSigningKey(directory);
  if (signingKey) return repository.openRepository(store, { ...world, signingKey });
  const publicPath = join(directory, 'signing.pub.pem');
  if (!(await exists(publicPath))) throw keyMissing(store.label, directory);
  return repository.openRepository(store, { ...world, publicKey: await keys.loadPublicKey(publicPath) });
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
  const { store, directory, world, keys, repository } = await prepare(context, stack);
  if (await repository.isRepository(store)) {
    const signingKey = await keys.loadSigningKey(directory);
    if (!signingKey) throw keyMissing(store.label, directory);
    return { repository: await repository.openRepository(store, { ...world, signingKey }), isNew: false };
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
  return { repository: await repository.initialiseRepository(store, { ...world, signingKey }), isNew: true };
}

async function prepare(context: CommandContext, stack: Stack) {
  const [
    { openStore },
    { loadOrCreateSigningKey, loadPublicKey, loadSigningKey },
    { assertRepository, initialiseRepository, isRepository, openRepository },
  ] = await Promise.all([
    import('../repository/stores/open-store.ts'),
    import('../repository/keys.ts'),
    import('../repository/repository.ts'),
  ]);
  return {
    store: await openStore(stack.backup.store),
    directory: join(stack.stateDir, 'keys'),
    world: { clock: context.clock, random: context.random },
    keys: { loadOrCreateSigningKey, loadPublicKey, loadSigningKey },
    repository: { assertRepository, initialiseRepository, isRepository, openRepository },
  };
}

function keyMissing(label: string, directory: string) {
  return cliErrors.error('LS-CLI-004', {
    what: 'the signing key of this stack is not there, but its repository is',
    why: `the ${label} was made with a key that lay in ${directory}`,
    fix: `put signing.pem (to read, signing.pub.pem is enough) back into ${directory}; to begin anew, set \`backup: {directory: …}\` to an empty place`,
  });
}
