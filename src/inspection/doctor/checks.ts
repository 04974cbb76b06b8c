import type { DoctorCheck } from './check.ts';
import { bootCheck } from './checks/boot.ts';
import { clockCheck } from './checks/clock.ts';
import { configurationCheck } from './checks/configuration.ts';
import { diskCheck } from './checks/disk.ts';
import { egressCheck } from './checks/egress.ts';
import { fileRightsCheck } from './checks/file-rights.ts';
import { limitsCheck } from './checks/limits.ts';
import { localhostCheck } from './checks/localhost.ts';
import { memoryCheck } from './checks/memory.ts';
import { objectLockCheck } from './checks/object-lock.ts';
import { portsCheck } from './checks/ports.ts';
import { recoveryCheck } from './checks/recovery.ts';
import { secretsCheck } from './checks/secrets.ts';
import { versionsCheck } from './checks/versions.ts';

/** In the order of the report. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [
  configurationCheck,
  versionsCheck,
  portsCheck,
  diskCheck,
  memoryCheck,
  limitsCheck,
  clockCheck,
  localhostCheck,
  fileRightsCheck,
  secretsCheck,
  recoveryCheck,
  objectLockCheck,
  egressCheck,
  bootCheck,
];
