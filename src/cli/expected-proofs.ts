import { OWN_SOURCE } from '../backup/own-source.ts';
import { expectedRecoveryProofs } from '../backup/recovery-proof.ts';
import { VERIFY_SUBJECT } from '../backup/verify-proof.ts';
import { deliveryFingerprint } from '../delivery/fingerprint.ts';
import type { ExpectedProof } from '../stack/proof.ts';
import type { Stack } from '../stack/stack.ts';

/** What has to be proven for this stack to count as well; `sources` are the components that keep data, beside Leitstand. */
export function expectedProofs(stack: Stack, sources: readonly string[]): ExpectedProof[] {
  return [
    ...stack.receivers.map((subject) => ({
      kind: 'alert-delivery',
      subject,
      fingerprint: deliveryFingerprint(stack, subject),
    })),
    ...[...sources, OWN_SOURCE].flatMap((subject) => [
      { kind: 'backup', subject },
      { kind: 'drill', subject },
    ]),
    { kind: 'verify', subject: VERIFY_SUBJECT },
    ...expectedRecoveryProofs(stack.backup.recoveryKeys),
  ];
}
