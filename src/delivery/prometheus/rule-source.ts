import { parse } from 'yaml';
import { z } from 'zod';
import { createPrometheusApi, type PrometheusApi } from '../../components/prometheus/api.ts';
import { parseDuration } from '../../platform/units.ts';
import { parseMetrics } from '../../platform/metrics-text.ts';
import type { Address } from '../../stack/connection.ts';
import { TEST_LABEL, TEST_METRIC, TEST_RULE } from '../../stack/delivery.ts';
import { type Probe, probeLabels } from '../probe.ts';
import type { SecretProblem } from '../request.ts';

/** What Leitstand's daemon shows to Prometheus while a test wants it: `leitstand_alert_test{…} 1`. */
export interface WantedAlert {
  readonly labels: Readonly<Record<string, string>>;
}

/** Raises alerts by a real rule: scraping, evaluation, relabelling, external labels and the discovery are part of it. */
export interface RuleSource {
  readonly alertname: string;
  /** What is missing for it; undefined: nothing. Rejects with LS-PROMETHEUS errors. */
  obstacle(): Promise<SecretProblem | undefined>;
  /** Milliseconds until the rule fires, or ends, at the latest. */
  delayMs(): Promise<number>;
  raise(probes: readonly Probe[], until: Date): Promise<void>;
  lower(): Promise<void>;
  /** How far an alert came that Alertmanager never had. */
  whereLost(probe: Probe): Promise<SecretProblem>;
}

export interface RuleSourceOptions {
  readonly prometheus: Address;
  /** Shows these as metrics until then; none: no longer. */
  readonly show: (alerts: readonly WantedAlert[], until: Date) => Promise<void>;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

const JOB = 'leitstand';
/** Prometheus hands its alerts over within a moment of the evaluation. */
const HANDOVER_MS = 2_000;

export function ruleSource({ prometheus, show, now, signal }: RuleSourceOptions): RuleSource {
  const api = createPrometheusApi(prometheus, signal);
  return {
    alertname: TEST_RULE,
    obstacle: () => obstacleIn(api, now),
    delayMs: () => delayOf(api),
    raise: (probes, until) => show(probes.map(wantedAlert), until),
    lower: () => show([], now()),
    whereLost: (probe) => placeOfLoss(api, probe, now()),
  };
}

/** The rule gives its alert a name of its own. */
function wantedAlert(probe: Probe): WantedAlert {
  const { alertname: _, ...labels } = probeLabels(probe);
  return { labels };
}

async function obstacleIn(api: PrometheusApi, now: () => Date): Promise<SecretProblem | undefined> {
  const [groups, up, metrics] = await Promise.all([
    api.loadedRules(),
    api.queryVector(`up{job="${JOB}"}`, now().getTime()),
    api.metrics(),
  ]);
  if (!groups.some(({ rules }) => rules.some(({ name }) => name === TEST_RULE)))
    return {
      reason: `Prometheus has not loaded the rule ${TEST_RULE}, which is one of Leitstand's own`,
      fix: 'leitstand up',
    };
  if (up.length === 0)
    return {
      reason: `Prometheus has no scrape of the job ${JOB}, Leitstand's daemon, that is new enough`,
      fix: 'it is there one scrape_interval after `leitstand up`; if it stays, leitstand status says whether the daemon runs',
    };
  if (up.every(({ value }) => value === '0'))
    return {
      reason: `Prometheus cannot scrape Leitstand's daemon: up{job="${JOB}"} is 0`,
      fix: 'leitstand status says whether the daemon runs; leitstand up starts it',
    };
  const known = parseMetrics(metrics).find(
    ({ name }) => name === 'prometheus_notifications_alertmanagers_discovered',
  );
  if (known && known.value === 0)
    return {
      reason: 'Prometheus knows no Alertmanager: its discovery found none',
      fix: 'look at `alerting:` in its configuration (leitstand plan shows what would change), then leitstand up',
    };
  return undefined;
}

const fileSchema = z.object({
  global: z
    .object({ scrape_interval: z.string().optional(), evaluation_interval: z.string().optional() })
    .default({}),
  scrape_configs: z
    .array(z.object({ job_name: z.string(), scrape_interval: z.string().optional() }))
    .default([]),
});

/** Prometheus' own default, where its configuration says nothing. */
const DEFAULT_INTERVAL = '1m';

/** One scrape has to come, then one evaluation. */
async function delayOf(api: PrometheusApi): Promise<number> {
  const file = fileSchema.safeParse(parse(await api.config()));
  const { global, scrape_configs } = file.success ? file.data : fileSchema.parse({});
  const own = scrape_configs.find(({ job_name }) => job_name === JOB)?.scrape_interval;
  const intervals = [own ?? global.scrape_interval, global.evaluation_interval];
  return intervals.reduce(
    (sum, text) => sum + (parseDuration(text ?? DEFAULT_INTERVAL) ?? 60_000),
    HANDOVER_MS,
  );
}

async function placeOfLoss(api: PrometheusApi, { nonce }: Probe, now: Date): Promise<SecretProblem> {
  const selector = `${TEST_LABEL}=${JSON.stringify(nonce)}`;
  const has = async (query: string) => (await api.queryVector(query, now.getTime())).length > 0;
  if (!(await has(`${TEST_METRIC}{${selector}}`)))
    return {
      reason: `Prometheus did not scrape ${TEST_METRIC} from Leitstand's daemon within the time`,
      fix: 'leitstand status; then look at the job `leitstand` under Targets: its last error, and whether it is relabelled away',
    };
  if (!(await has(`ALERTS{alertname="${TEST_RULE}", ${selector}}`)))
    return {
      reason: `Prometheus scraped ${TEST_METRIC}, and the rule ${TEST_RULE} did not fire within the time`,
      fix: 'look at the rule under Alerts: its last error and how long its group takes (leitstand logs prometheus)',
    };
  return {
    reason: `the rule ${TEST_RULE} fires in Prometheus, and Alertmanager does not have its alert`,
    fix: 'look at `alerting:` in the configuration of Prometheus: alert_relabel_configs that drop it, another Alertmanager; leitstand logs prometheus says why it could not be handed over',
  };
}
