import type { BackupSource } from '../backup/report.ts';
import { cliErrors } from './errors.ts';
import type { Session } from './session.ts';

/** All sources of the stack, or the one that is named. Throws LS-CLI-003 for one it does not have. */
export function chosenSources(
  { sources, stack }: Pick<Session, 'sources' | 'stack'>,
  name: string | undefined,
): readonly BackupSource[] {
  if (name === undefined) return sources;
  const chosen = sources.filter(({ component }) => component === name);
  if (chosen.length > 0) return chosen;
  throw cliErrors.error('LS-CLI-003', {
    what: `the stack ${stack.name} has no source ${name}`,
    fix: `name one of ${sources.map(({ component }) => component).join(', ')}`,
  });
}
