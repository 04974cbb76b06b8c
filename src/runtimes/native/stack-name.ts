import type { LeitstandError } from '../../platform/errors.ts';
import type { DesiredState } from './desired.ts';
import { runtimeErrors } from './errors.ts';
import type { NativeLayout } from './layout.ts';

/**
 * LS-RUNTIME-012 when the directory is in use by a stack of another name: one folder, two files, one state
 * directory. What a `down` leaves behind is in use by nobody.
 */
export function otherStack(
  layout: NativeLayout,
  former: DesiredState | undefined,
  runs: boolean,
  name: string,
): LeitstandError | undefined {
  if (!former || former.stack === name) return undefined;
  if (!runs && former.components.length === 0 && !former.inbox.enabled) return undefined;
  return runtimeErrors.error('LS-RUNTIME-012', {
    what: `the state directory is in use by the stack ${former.stack}, and this is the stack ${name}`,
    why: `it would reload or stop the programs of ${former.stack}; nothing was touched`,
    where: { file: layout.stateDir },
    fix: `give ${name} a \`state_dir:\` of its own in its file; if it shall take the place of ${former.stack}, run \`leitstand down\` first`,
  });
}
