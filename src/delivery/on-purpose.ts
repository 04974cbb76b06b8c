import { isOnPurpose } from '../inbox/faults.ts';
import type { InboxMessage } from '../stack/sandbox.ts';

/** The fix for people who told the inbox to fail, and may have forgotten it; `refused`: what it did not take. */
export function fixIfOnPurpose(fix: string, refused: readonly InboxMessage[]): string {
  return refused.some(isOnPurpose)
    ? `the inbox was told to do so: leitstand inbox misbehave --clear. Were it the provider: ${fix}`
    : fix;
}
