import { resolve } from 'node:path';
import type { ReadKit } from '../../backup/recovery-kit/parse-kit.ts';
import { LeitstandError } from '../../platform/errors.ts';
import { repositoryErrors } from '../../repository/errors.ts';
import type { AgeIdentity } from '../../repository/repository.ts';
import type { Repository } from '../../repository/repository.ts';
import type { StorePlace } from '../../stack/stack.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';

/**
 * The repository of a kit, to read: nothing of this machine is asked for it but credentials of S3 in the environment.
 * What goes wrong is said in words that fit where there is no configuration. Throws LS-REPO errors.
 */
export async function openFromKit(
  context: CommandContext,
  kit: ReadKit,
  {
    repository: elsewhere,
    identities,
  }: { readonly repository: string | undefined; readonly identities: readonly AgeIdentity[] },
): Promise<Repository> {
  const [{ openStore }, { assertRepository, openRepository }] = await Promise.all([
    import('../../repository/stores/open-store.ts'),
    import('../../repository/repository.ts'),
  ]);
  const place = placeOf(context, kit, elsewhere);
  try {
    const store = await openStore(place);
    await assertRepository(store);
    return await openRepository(store, {
      clock: context.clock,
      random: context.random,
      publicKey: kit.publicKey,
      identities: [...kit.identities, ...identities],
    });
  } catch (error) {
    throw inWordsOfKit(error, place);
  }
}

function placeOf({ cwd }: CommandContext, { store }: ReadKit, elsewhere: string | undefined): StorePlace {
  if (elsewhere !== undefined) return { kind: 'directory', path: resolve(cwd, elsewhere) };
  return store.kind === 'directory' ? { ...store, path: resolve(cwd, store.path) } : store;
}

/** Of a store that the kit names: what to do about it. */
const FIXES: Readonly<Record<string, (place: StorePlace) => string>> = {
  'LS-REPO-001': ({ kind }) =>
    kind === 's3'
      ? 'check the lines `s3-…` of the kit against the bucket'
      : 'mount what holds the backups, or say where they are: --repository DIRECTORY',
  'LS-REPO-002': () =>
    'take the kit of the installation that made these backups, and check where it says they are; when its signing key was replaced, an older kit or a newer one fits',
  'LS-REPO-020': () => 'check the line `s3-endpoint` of the kit, the network and the proxy on the way',
  'LS-REPO-021': () =>
    'export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the bucket (a kit holds no credentials), and check what they may do',
  'LS-REPO-023': () => 'check the lines `s3-bucket`, `s3-region` and `s3-endpoint` of the kit',
  'LS-REPO-025': () => 'put that file there, or take its line `s3-ca-file` out of the kit',
};

function inWordsOfKit(error: unknown, place: StorePlace): unknown {
  if (!(error instanceof LeitstandError)) return error;
  const fix = FIXES[error.code];
  if (!fix) return error;
  const code = error.code as Parameters<typeof repositoryErrors.error>[0];
  return repositoryErrors.error(code, { ...error.details, fix: fix(place) });
}

/** Throws LS-CLI-001 for `--repository` where there is a configuration that says it. */
export function assertKitOptions(input: CommandInput): void {
  if (input.text('repository') === undefined || input.text('kit') !== undefined) return;
  throw cliErrors.error('LS-CLI-001', {
    what: '--repository is for backups that a kit leads to',
    fix: 'leave it out, or name the kit: --kit FILE',
  });
}
