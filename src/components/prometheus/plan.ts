import { stringify } from 'yaml';
import { durationMs, formatDuration, sizeBytes } from '../../platform/units.ts';
import type { PlanInput } from '../../stack/component.ts';
import type { Offer, RuleFile, ScrapeJob } from '../../stack/offer.ts';
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
    `--web.external-url=${place.externalUrl(config.port)}`,
    '--web.enable-lifecycle',
    // Backups take their snapshot through it; the port is bound to loopback.
    '--web.enable-admin-api',
  ];
}

function renderFiles(input: PlanInput<PrometheusConfig>): RenderedFile[] {
  return [
    { path: 'prometheus.yml', content: HEADER + stringify(prometheusFile(input), { lineWidth: 0 }) },
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
    scrape_configs: offers.flatMap((offer) => offer.scrapeJobs).map((job) => scrapeConfig(job, place)),
  };
}

function scrapeConfig(job: ScrapeJob, place: Place) {
  return {
    job_name: job.job,
    ...(job.metricsPath === undefined ? {} : { metrics_path: job.metricsPath }),
    ...(job.honorLabels === true ? { honor_labels: true } : {}),
    static_configs: [
      { targets: [place.address(job.component, job.port)], labels: { component: job.component } },
    ],
  };
}

function ruleFiles(offers: readonly Offer[]): RuleFile[] {
  return offers.flatMap((offer) => offer.ruleFiles);
}
