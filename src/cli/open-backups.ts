import type { ReadKit } from '../backup/recovery-kit/parse-kit.ts';
import type { History } from '../history/history.ts';
import type { Repository } from '../repository/repository.ts';
import type { Source } from '../stack/source.ts';
import type { CommandContext, CommandInput } from './command.ts';
import { identitiesOf, kitOf } from './recovery/key-file.ts';

/** Backups to look at and to restore: those of the stack here, or of one that a kit leads to. */
export interface OpenedBackups {
  readonly repository: Repository;
  /** Undefined with a kit: what was drilled is in the backup itself. */
  readonly history: History | undefined;
  readonly kit: ReadKit | undefined;
  /** How a source's data is laid out when it is restored; undefined for one that nobody knows here. */
  layoutOf(source: string): Layout | undefined;
  close(): void;
}

export type Layout = Pick<Source, 'restorePath'>;

/** By `--kit`, else the stack's own; `--identity` opens what neither could. */
export async function openBackups(context: CommandContext, input: CommandInput): Promise<OpenedBackups> {
  const { assertKitOptions, openFromKit } = await import('./recovery/open-kit.ts');
  assertKitOptions(input);
  const kit = await kitOf(context, input);
  const identities = await identitiesOf(context, input);
  if (!kit) return ofStack(context, identities);
  const [repository, components, { OWN_SOURCE, ownRestorePath }] = await Promise.all([
    openFromKit(context, kit, { repository: input.text('repository'), identities }),
    context.catalog.components(),
    import('../backup/own-source.ts'),
  ]);
  return {
    repository,
    history: undefined,
    kit,
    layoutOf: (source) =>
      source === OWN_SOURCE ? { restorePath: ownRestorePath } : components.get(source)?.source?.({}),
    close: () => undefined,
  };
}

async function ofStack(
  context: CommandContext,
  identities: Awaited<ReturnType<typeof identitiesOf>>,
): Promise<OpenedBackups> {
  const [{ openSession }, { openStackRepository }] = await Promise.all([
    import('./open-session.ts'),
    import('./open-repository.ts'),
  ]);
  const session = await openSession(context, { inNeed: true });
  try {
    return {
      repository: await openStackRepository(context, session.stack, identities),
      history: session.history,
      kit: undefined,
      layoutOf: (source) =>
        session.sources.find(({ component }) => component === source)?.source ??
        session.components.get(source)?.source?.({}),
      close: () => session.close(),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}
