import { join } from 'node:path';
import type { Repository } from '../repository/repository.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';

/**
 * The stack's repository. With `create` it and its signing key are made when there is neither; without, reading
 * makes nothing: a key made now could never have signed what is there.
 */
export async function openStackRepository(
  context: CommandContext,
  stack: Stack,
  options: { readonly create: boolean },
): Promise<Repository> {
  const [{ openDirectoryStore }, { loadOrCreateSigningKey, loadSigningKey }, repository] = await Promise.all([
    import('../repository/stores/directory/index.ts'),
    import('../repository/keys.ts'),
    import('../repository/repository.ts'),
  ]);
  const store = openDirectoryStore(stack.backup.directory);
  const directory = join(stack.stateDir, 'keys');
  const world = { clock: context.clock, random: context.random };
  if (options.create && !(await repository.isRepository(store))) {
    const signingKey = await loadOrCreateSigningKey(directory);
    return repository.initialiseRepository(store, { ...world, signingKey });
  }
  await repository.assertRepository(store);
  const signingKey = await loadSigningKey(directory);
  if (!signingKey) {
    throw cliErrors.error('LS-CLI-004', {
      what: 'the signing key of this stack is not there, but its repository is',
      why: `the ${store.label} was made with a key that lay in ${directory}`,
      fix: `put signing.pem back into ${directory}; to begin anew, set \`backup: {directory: …}\` to an empty place`,
    });
  }
  return repository.openRepository(store, { ...world, signingKey });
}
