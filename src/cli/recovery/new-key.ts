import { stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { backupErrors } from '../../backup/errors.ts';
import type { RecoveryKit } from '../../backup/recovery-kit/kit.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import type { Language } from '../../stack/language.ts';
import type { StorePlace } from '../../stack/stack.ts';
import type { CommandContext } from '../command.ts';
import { leitstandVersion } from '../version.ts';
import { handOver, type KitPlace } from './kit-output.ts';

/** What a kit says of its stack beside the key. */
export interface KitOf {
  /** The stack's name. */
  readonly name: string;
  readonly language: Language;
  readonly stateDir: string;
  readonly store: StorePlace;
}

/**
 * A new recovery key: its kit is read and tried at once on what is encrypted as backups are, and handed over. Returns its
 * public half; the secret one is with the kit alone. Throws LS-BACKUP-011 when somebody says that the kit is not kept, and
 * LS-BACKUP-009 where the kit could not be read (a path with a line feed).
 */
export async function handOverNewKey(
  context: CommandContext,
  of: KitOf,
  { place, ask }: { readonly place: KitPlace; readonly ask: boolean },
): Promise<string> {
  const [{ makeRecoveryKey, proveRecoveryKey }, { assertOpens }, { parseKit }] = await Promise.all([
    import('../../repository/repository.ts'),
    import('../../backup/recovery-proof.ts'),
    import('../../backup/recovery-kit/parse-kit.ts'),
  ]);
  const key = await makeRecoveryKey();
  const text = await textOfKit(context, of, { recoveryKeys: [key.recipient], secretKey: key.secret });
  // With what will be read off the paper, not with what is in memory.
  const { identities } = await parseKit(text, 'the new recovery kit');
  assertOpens(await proveRecoveryKey([key.recipient], identities));
  await handOver(context, place, text);
  if (place.kind === 'terminal' && ask) await requireKept(context);
  return key.recipient;
}

/** The kit of a stack; its signing key is made if there is none yet. */
export async function textOfKit(
  { clock }: Pick<CommandContext, 'clock'>,
  { name, language, stateDir, store }: KitOf,
  keys: Pick<RecoveryKit, 'recoveryKeys' | 'secretKey'>,
): Promise<string> {
  const [{ kitText }, { loadOrCreateSigningKey }] = await Promise.all([
    import('../../backup/recovery-kit/kit-text.ts'),
    import('../../repository/keys.ts'),
  ]);
  const { publicKey } = await loadOrCreateSigningKey(join(stateDir, 'keys'));
  const kit = {
    stack: name,
    madeAt: clock.now().toISOString(),
    version: leitstandVersion(),
    ...keys,
    publicKey,
    store,
  };
  return kitText(kit, { language, isOnMachine: await isOnSameDisk(store, stateDir) });
}

async function requireKept(context: CommandContext): Promise<void> {
  const prompt = await context.openPrompt();
  try {
    if (!prompt || (await prompt.yes('Is this kit printed or copied? It is not shown again.', false))) return;
  } finally {
    prompt?.close();
  }
  throw backupErrors.error('LS-BACKUP-011', {
    what: 'the recovery kit is not kept',
    why: 'the key that was shown is thrown away; nothing is encrypted to it',
    fix: 'the same command again, and copy the kit; or have it written to a file: --kit FILE',
  });
}

/** Backups that burn with the machine. */
async function isOnSameDisk(store: StorePlace, stateDir: string): Promise<boolean> {
  if (store.kind === 's3') return LOOPBACK.test(URL.parse(store.endpoint ?? '')?.hostname ?? '');
  if (store.kind !== 'directory') return false;
  if (!relative(stateDir, store.path).startsWith('..')) return true;
  const [mine, theirs] = await Promise.all([deviceOf(stateDir), deviceOf(store.path)]);
  return mine === theirs;
}

const LOOPBACK = /^(?:localhost|127\..*|\[::1\])$/;

/** Of the path, or of what is there of it. */
async function deviceOf(path: string): Promise<number> {
  try {
    return (await stat(path)).dev;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return deviceOf(dirname(path));
  }
}
