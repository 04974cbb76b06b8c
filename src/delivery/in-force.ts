import { createHash } from 'node:crypto';
import type { MetricSample } from '../platform/metrics-text.ts';
import type { IntegrationReport } from './report.ts';
import type { DeliveryRequest } from './request.ts';
import { named, type Target } from './target.ts';

/** What Leitstand gave to Alertmanager the last time: `leitstand up`. */
export interface InForce {
  /** The file that Alertmanager should have loaded; undefined: it cannot be read. */
  readonly file: string | undefined;
  /** Receiver → `Alerting.fingerprint` of then; those that are missing are not known. */
  readonly fingerprints: ReadonlyMap<string, string>;
}

/** What was given to it then was something else: it would tell those of then. */
export function changedSince(
  target: Target,
  { inForce, alerting }: Pick<DeliveryRequest, 'inForce' | 'alerting'>,
): IntegrationReport | undefined {
  const then = inForce?.fingerprints.get(target.receiver);
  if (then === undefined || then === alerting.fingerprint(target.receiver)) return undefined;
  return {
    ...named(target),
    verdict: 'NOT-ROUTED',
    reason: `leitstand.yaml says something else about ${target.receiver} than at the last \`leitstand up\`: Alertmanager would tell whom it said then`,
    fix: 'leitstand up',
  };
}

/** Whether something else is loaded than was given to it; for people. `members`: the metrics of each. */
export function otherConfiguration(
  inForce: InForce | undefined,
  members: readonly (readonly MetricSample[])[],
): { readonly isOther: boolean; readonly notes: readonly string[] } {
  const isReloadFailed = members
    .flat()
    .some(({ name, value }) => name === 'alertmanager_config_last_reload_successful' && value === 0);
  const isOther = inForce?.file !== undefined && !isLoadedBy(inForce.file, members);
  const failure = 'the last reload of its configuration failed: an older one is in force';
  const log = inForce ? 'Its log says why (leitstand logs alertmanager)' : 'Its own log says why';
  if (!isOther) return { isOther, notes: isReloadFailed ? [`${failure}. ${log}`] : [] };
  const why = isReloadFailed
    ? `${failure}, and not the file that Leitstand wrote. ${log}`
    : 'Alertmanager has loaded another configuration than the file that Leitstand wrote: leitstand up';
  return {
    isOther,
    notes: [`${why}. What is tested is what runs: it proves nothing about leitstand.yaml`],
  };
}

function isLoadedBy(file: string, members: readonly (readonly MetricSample[])[]): boolean {
  const hash = configHash(file);
  return members
    .flat()
    .filter(({ name }) => name === 'alertmanager_config_hash')
    .every(({ value }) => value === hash);
}

/** `alertmanager_config_hash`, in every version: `md5HashAsMetricValue` in config/coordinator.go. */
function configHash(file: string): number {
  return createHash('md5').update(file).digest().readUIntLE(0, 6);
}
