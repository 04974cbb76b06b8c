import type { Finding } from '../../inspection/finding.ts';
import { toldAbout } from '../../routing/about-receiver.ts';
import type { Stack } from '../../stack/stack.ts';

/** Receivers about which nobody else can be told. On a laptop nobody is to be told at all. */
export function lonelyReceivers(stack: Stack): Finding[] {
  if (stack.environment === 'local') return [];
  return stack.receivers
    .filter((receiver) => toldAbout(stack, receiver) === undefined)
    .map((receiver) => ({
      code: 'LS-CHECK-030',
      severity: 'warning',
      subject: receiver,
      where: { file: stack.file },
      what: `when nothing reaches ${receiver} any more, nobody else is told`,
      why:
        stack.receivers.length > 1
          ? 'no other receiver is reached in another way'
          : 'it is the only receiver',
      fix: `add a second receiver that is reached in another way, e-mail beside Slack for instance: \`leitstand explain LS-CHECK-030\``,
    }));
}
