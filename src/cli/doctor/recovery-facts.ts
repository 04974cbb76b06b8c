import { join } from 'node:path';
import type { RecoveryFacts } from '../../inspection/doctor/check.ts';
import { ageOfProof } from '../../stack/proof.ts';
import type { Stack } from '../../stack/stack.ts';
import type { CommandContext } from '../command.ts';

/** When the recovery keys were last tried; undefined where the stack has nothing to back up. */
export async function recoveryFactsOf(
  { clock }: Pick<CommandContext, 'clock'>,
  stack: Stack,
): Promise<RecoveryFacts | undefined> {
  if (stack.runtime === 'external' && stack.components.every(({ attached }) => !attached?.dataDir))
    return undefined;
  const [{ readProofs }, { RECOVERY_PROOF, shortKey }, { OWN_SOURCE }] = await Promise.all([
    import('../../history/proof-reading.ts'),
    import('../../backup/recovery-proof.ts'),
    import('../../backup/own-source.ts'),
  ]);
  const { recoveryKeys } = stack.backup;
  const [own, ...keys] = readProofs(join(stack.stateDir, 'leitstand.db'), [
    { kind: 'backup', subject: OWN_SOURCE },
    ...recoveryKeys.map((key) => ({ kind: RECOVERY_PROOF, subject: shortKey(key) })),
  ]);
  return {
    hasBackups: own?.latestProven !== undefined,
    keys: recoveryKeys.map((key, i) => {
      const proof = keys[i]?.latestProven;
      const ageMs = proof && ageOfProof(proof, clock.now());
      return {
        name: shortKey(key),
        triedAt: proof?.at,
        isOld: proof !== undefined && (ageMs === undefined || ageMs > proof.ageLimitMs),
      };
    }),
  };
}
