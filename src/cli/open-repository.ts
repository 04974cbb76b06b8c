import { join } from 'node:path';
import type { Repository } from '../repository/repository.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './context.ts';

/** The stack's repository; made on the first backup when `create` is set, else an error says there is none. */
export async function openStackRepository(
  context: CommandContext,
  stack: Stack,
  options: { readonly create: boolean },
): Promise<Repository> {
  const [
    { openDirectoryStore },
    { loadOrCreateSigningKey },
    { initialiseRepository, openRepository, isRepository },
  ] = await Promise.all([
    import('../repository/stores/directory/index.ts'),
    import('../repository/keys.ts'),
    import('../repository/repository.ts'),
  ]);
  const store = openDirectoryStore(stack.backup.directory);
  const signingKey = await loadOrCreateSigningKey(join(stack.stateDir, 'keys'));
  const world = { signingKey, clock: context.clock, random: context.random };
  if (options.create && !(await isRepository(store))) return initialiseRepository(store, world);
  return openRepository(store, world);
}
