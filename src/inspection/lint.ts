import type { InspectionCode } from './errors.ts';
import type { Finding } from './finding.ts';
import type { Inspected } from './model.ts';

/** One question put to the model; one file each in `lints/`. Claims only what it knows: silence is allowed. */
export interface Lint {
  readonly code: InspectionCode;
  readonly title: string;
  /** `today`: `YYYY-MM-DD`. */
  inspect(model: Inspected, today: string): Finding[];
}
