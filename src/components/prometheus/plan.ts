import { stringify } from 'yaml';
import { holdsSecret } from '../../config/secret-keys.ts';
import { durationMs, formatDuration, sizeBytes } from '../../platform/units.ts';
import type { PlanInput } from '../../stack/component.ts';
import type { Offer, ProbeTarget, RuleFile, ScrapeJob } from '../../stack/offer.ts';
import type { Place, Plan, RenderedFile } from '../../stack/plan.ts';
import type { PrometheusConfig } from './schema.ts';

const DEFAULT_SCRAPE_TIMEOUT_MS = 10_000;
const HEADER = '# Written by Leitstand from leitstand.yaml: changes made here are lost.\n';

export function prometheusPlan(input: PlanInput<PrometheusConfig>): Plan {
  const { config, place, offers } = input;
  return {
    component: 'prometheus',
    program: input.programs('prometheus'),
    args: launchArguments(config, place),
    env: {},
    files: renderFiles(input),
    secrets: [],
    ports: [{ name: 'http', port: config.port }],
    ...(config.memory === undefined ? {} : { memoryLimit: sizeBytes(config.memory) }),
    ready: { port: config.port, path: '/-/ready' },
    reload: { port: config.port, path: '/-/reload' },
    validators: [
      {
        program: input.programs('promtool'),
        args: (directory) => ['check', 'config', `${directory}/prometheus.yml`],
      },
      ...(ruleFiles(offers).length === 0
        ? []
        : [
            {
              program: input.programs('promtool'),
              args: (directory: string) => [
                'check',
                'rules',
                ...ruleFiles(offers).map((file) => `${directory}/rules/${file.name}`),
              ],
            },
          ]),
    ],
  };
}

/** Retention stays a flag: 2.42 refuses it in the file, and 3.x would let a file value win over a drill's flag. */
function launchArguments(config: PrometheusConfig, place: Place): string[] {
  return [
    `--config.file=${place.config}/prometheus.yml`,
    `--storage.tsdb.path=${place.data}`,
    `--storage.tsdb.retention.time=${config.retention}`,
    ...(config.retention_size === undefined
      ? []
      : [`--storage.tsdb.retention.size=${sizeBytes(config.retention_size)}B`]),
    `--web.listen-address=${place.listen(config.port)}`,
    `--web.external-url=${config.external_url ?? place.externalUrl(config.port)}`,
    // By default its own paths move below the URL's path, where nobody here would find them.
    ...(config.external_url === undefined ? [] : ['--web.route-prefix=/']),
    '--web.enable-lifecycle',
    // Backups take their snapshot through it; the port is bound to loopback.
    '--web.enable-admin-api',
  ];
}

function renderFiles(input: PlanInput<PrometheusConfig>): RenderedFile[] {
  const content = HEADER + stringify(prometheusFile(input), { lineWidth: 0 });
  const isPrivate = input.stack.scrapeJobs.some((job) => holdsSecret(job));
  return [
    { path: 'prometheus.yml', content, ...(isPrivate ? { mode: 0o600 } : {}) },
    ...ruleFiles(input.offers).map((file) => ({ path: `rules/${file.name}`, content: file.content })),
  ];
}

function prometheusFile({ config, stack, offers, place }: PlanInput<PrometheusConfig>) {
  const interval = durationMs(config.scrape_interval);
  const timeout = config.scrape_timeout ?? formatDuration(Math.min(DEFAULT_SCRAPE_TIMEOUT_MS, interval));
  const alertmanagers = offers
    .flatMap((offer) => offer.endpoints)
    .filter((endpoint) => endpoint.kind === 'alertmanager-api')
    .map((endpoint) => place.address(endpoint.component, endpoint.port));
  return {
    global: {
      scrape_interval: config.scrape_interval,
      scrape_timeout: timeout,
      evaluation_interval: config.evaluation_interval ?? config.scrape_interval,
      external_labels: { stack: stack.name },
    },
    ...(alertmanagers.length === 0
      ? {}
      : { alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] } }),
    ...(ruleFiles(offers).length === 0 ? {} : { rule_files: ['rules/*.rules.yml'] }),
    scrape_configs: [
      ...offers.flatMap((offer) => offer.scrapeJobs).map((job) => scrapeConfig(job, place)),
      ...stack.scrapeJobs,
    ],
  };
}

function scrapeConfig(job: ScrapeJob, place: Place) {
  const address = place.address(job.component, job.port);
  return {
    job_name: job.job,
    ...(job.interval === undefined ? {} : { scrape_interval: job.interval }),
    ...(job.timeout === undefined ? {} : { scrape_timeout: job.timeout }),
    ...(job.metricsPath === undefined ? {} : { metrics_path: job.metricsPath }),
    ...(job.honorLabels === true ? { honor_labels: true } : {}),
    ...(job.params === undefined ? {} : { params: job.params }),
    ...(job.probes === undefined
      ? { static_configs: [{ targets: [address], labels: { component: job.component } }] }
      : { static_configs: probeTargets(job.probes), relabel_configs: probeRelabeling(address) }),
  };
}

function probeTargets(probes: readonly ProbeTarget[]) {
  const [named, nameless] = [
    probes.filter(({ name }) => name !== undefined),
    probes.filter(({ name }) => name === undefined),
  ];
  return [
    ...(nameless.length === 0 ? [] : [{ targets: nameless.map(({ target }) => target) }]),
    ...named.map(({ target, name }) => ({ targets: [target], labels: { probe: name } })),
  ];
}

/** The prober is asked, and the answer is about the probed: Prometheus' documented pattern for multi-target exporters. */
function probeRelabeling(prober: string) {
  return [
    { source_labels: ['__address__'], target_label: '__param_target' },
    { source_labels: ['__param_target'], target_label: 'instance' },
    { target_label: '__address__', replacement: prober },
  ];
}

function ruleFiles(offers: readonly Offer[]): RuleFile[] {
  return offers.flatMap((offer) => offer.ruleFiles);
}
