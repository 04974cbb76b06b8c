import type { Clock } from '../platform/clock.ts';
import type { LeitstandError } from '../platform/errors.ts';
import { backupClaim } from './proof.ts';
import type { BackupRequest } from './report.ts';

/** An attempt that ended before anything was read, for each source: the last one failed, and everybody shall see it. */
export function recordRefusal(
  error: LeitstandError,
  {
    sources,
    proofs,
    clock,
  }: Pick<BackupRequest, 'proofs'> & {
    readonly sources: readonly { readonly component: string }[];
    readonly clock: Clock;
  },
): void {
  for (const { component } of sources)
    proofs.append(backupClaim({ ok: false, component, elapsedMs: 0, error }), clock.now());
}
