import type { Finding } from '../../inspection/finding.ts';
import type { Stack } from '../../stack/stack.ts';

/** Where it counts: on a laptop nobody's backups are to be kept from anybody. */
export function notEncrypted(stack: Stack): Finding[] {
  if (stack.environment === 'local' || stack.backup.recoveryKeys.length > 0) return [];
  return [
    {
      code: 'LS-CHECK-031',
      severity: 'warning',
      subject: 'backup',
      where: { file: stack.file },
      what: 'backups are not encrypted',
      why: 'whoever has the disk or the bucket with them can read what was logged and measured',
      fix: 'leitstand backup kit --new, and write the line that it prints into `backup:`',
    },
  ];
}
