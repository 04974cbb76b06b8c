import type { Where } from '../platform/errors.ts';
import type { InspectionCode } from './errors.ts';

/** `error`: something that does not work as it stands. `warning`: something that will fail somebody one day. */
export type Severity = 'error' | 'warning';

export interface Finding {
  readonly code: InspectionCode;
  readonly severity: Severity;
  /** What it is about, by a name that stays when lines move: an alert, a receiver, a scrape job. */
  readonly subject: string;
  readonly where: Where;
  /** One sentence without a full stop. */
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /** A program's own words. */
  readonly detail?: readonly string[];
}

/** Somebody decided to live with it, for a time. */
export interface WaivedFinding extends Finding {
  readonly waived: { readonly reason: string; readonly until: string };
}
