import { durationMs, formatDuration } from '../../platform/units.ts';
import type { Offer, ProbeTarget, RuleFile, ScrapeJob } from '../../stack/offer.ts';
import { readRuleFiles } from '../../stack/rule-files.ts';
import { askedAs, type Module, MODULES } from './probe.ts';
import type { BlackboxExporterConfig } from './schema.ts';

const JOBS: Readonly<Record<Module, string>> = {
  http_2xx: 'blackbox-http',
  tcp_connect: 'blackbox-tcp',
  tls: 'blackbox-tls',
  icmp: 'blackbox-icmp',
};
/** What the job of a module is named after when all its probes have it. */
const USUAL_INTERVAL = '1m';
const LONGEST_TIMEOUT_MS = 10_000;

export function blackboxExporterRules(): RuleFile[] {
  return readRuleFiles(new URL('rules/', import.meta.url), ['probes', 'certificates']);
}

export function blackboxExporterOffer(config: BlackboxExporterConfig): Offer {
  const own = { component: 'blackbox-exporter', port: config.port };
  return {
    component: 'blackbox-exporter',
    endpoints: [{ kind: 'prober', ...own }],
    scrapeJobs: [{ job: 'blackbox-exporter', ...own }, ...probeJobs(config)],
    ruleFiles: config.probes.length === 0 ? [] : blackboxExporterRules(),
  };
}

/** One job for each module and interval. */
function probeJobs({ probes, port }: BlackboxExporterConfig): ScrapeJob[] {
  const groups = new Map<string, { module: Module; interval: string; probes: ProbeTarget[] }>();
  for (const probe of probes) {
    const { module, target } = askedAs(probe);
    const key = `${module} ${durationMs(probe.interval)}`;
    const group = groups.get(key) ?? { module, interval: probe.interval, probes: [] };
    group.probes.push({ target, ...(probe.name === undefined ? {} : { name: probe.name }) });
    groups.set(key, group);
  }
  return [...groups.values()]
    .sort((a, b) => MODULES.indexOf(a.module) - MODULES.indexOf(b.module))
    .map((group) => ({
      job: jobName(group.module, group.interval),
      component: 'blackbox-exporter',
      port,
      metricsPath: '/probe',
      params: { module: [group.module] },
      probes: group.probes,
      interval: group.interval,
      // Prometheus refuses a timeout above the interval; the exporter gives up half a second before it.
      timeout: formatDuration(Math.min(LONGEST_TIMEOUT_MS, durationMs(group.interval))),
    }));
}

function jobName(module: Module, interval: string): string {
  const usual = durationMs(interval) === durationMs(USUAL_INTERVAL);
  return usual ? JOBS[module] : `${JOBS[module]}-${formatDuration(durationMs(interval))}`;
}
