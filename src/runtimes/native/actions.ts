import type { ComponentAction } from '../../stack/runtime.ts';
import { type DesiredComponent, launchHash } from './desired.ts';
import type { ProcessRecord } from './process-record.ts';

/** What it takes to get from the process that lives, if one does, to what is wanted. */
export function decideAction(
  living: ProcessRecord | undefined,
  wanted: DesiredComponent | undefined,
): ComponentAction {
  if (!wanted) return living ? 'stop' : 'none';
  if (!living) return 'start';
  if (living.launchHash !== launchHash(wanted)) return 'restart';
  if (living.filesHash !== wanted.filesHash) return wanted.reloadUrl === undefined ? 'restart' : 'reload';
  return 'none';
}
