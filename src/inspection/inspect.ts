import type { Finding, WaivedFinding } from './finding.ts';
import { lints } from './lints.ts';
import type { Inspected } from './model.ts';
import { applyWaivers, type PlacedWaiver } from './waivers.ts';

export interface Inspection {
  /** Sorted by file and line. */
  readonly findings: readonly Finding[];
  readonly waived: readonly WaivedFinding[];
  /** What could not be asked, in words: silence about it is no praise. */
  readonly notAsked: readonly string[];
}

export interface InspectionInput {
  readonly model: Inspected;
  /** Findings from elsewhere, of validators and tests, which can be waived as well. */
  readonly others?: readonly Finding[];
  readonly waivers: readonly PlacedWaiver[];
  /** `YYYY-MM-DD`. */
  readonly today: string;
}

/** Every lint over the whole model, in one run. */
export function inspect({ model, others = [], waivers, today }: InspectionInput): Inspection {
  const all = [...lints.flatMap((lint) => lint.inspect(model, today)), ...others];
  const { findings, waived } = applyWaivers(all, waivers, today);
  return {
    findings: [...findings].sort(byPlace),
    waived: [...waived].sort(byPlace),
    notAsked: notAsked(model),
  };
}

function byPlace(a: Finding, b: Finding): number {
  return (
    a.where.file.localeCompare(b.where.file, 'en') ||
    (a.where.line ?? 0) - (b.where.line ?? 0) ||
    (a.where.column ?? 0) - (b.where.column ?? 0) ||
    a.code.localeCompare(b.code, 'en')
  );
}

function notAsked({ prometheuses, ruleFiles, alertmanagers, context }: Inspected): string[] {
  const missing: string[] = [];
  if (ruleFiles.length > 0 && prometheuses.length === 0)
    missing.push(
      'there is no Prometheus configuration: whether the metrics of the rules are scraped was not asked',
    );
  if (ruleFiles.length > 0 && alertmanagers.length === 0)
    missing.push('there is no Alertmanager configuration: whether anybody is told was not asked');
  if (alertmanagers.length > 0 && ruleFiles.length === 0)
    missing.push('there are no rules: whether their severities are handled was not asked');
  if (context === 'unknown' && alertmanagers.length + prometheuses.length > 0)
    missing.push('whether the programs run in containers is not known: say --container if they do');
  return missing;
}
