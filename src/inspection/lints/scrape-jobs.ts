import { formatDuration } from '../../platform/units.ts';
import { programsOf } from '../exporters.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, PrometheusFile, ScrapeJob } from '../model.ts';
import { servicesRunning } from '../mounts.ts';

export const scrapeJobs: Lint = {
  code: 'LS-CHECK-014',
  title: 'every scrape job works as it stands',
  inspect: (model) =>
    model.prometheuses.flatMap((prometheus) => [
      ...duplicates(prometheus),
      ...slowGlobalTimeout(prometheus),
      ...prometheus.jobs.flatMap((job) => [
        ...(model.origin === 'stack' ? missingDiscovery(job, model) : []),
        ...slowTimeout(job),
        ...renamedLabels(job, model),
      ]),
    ]),
};

function finding(
  job: ScrapeJob,
  severity: Finding['severity'],
  rest: Pick<Finding, 'what' | 'why' | 'fix'>,
): Finding {
  return { code: 'LS-CHECK-014', severity, subject: job.name, where: job.where, ...rest };
}

function duplicates({ jobs }: PrometheusFile): Finding[] {
  return jobs
    .filter((job, index) => jobs.findIndex(({ name }) => name === job.name) < index)
    .map((job) =>
      finding(job, 'error', {
        what: `there are two scrape jobs called ${job.name}`,
        why: 'Prometheus refuses the file',
        fix: 'give one another name, or put both targets into one job',
      }),
    );
}

function slowGlobalTimeout({ scrapeTimeout, scrapeIntervalMs }: PrometheusFile): Finding[] {
  if (scrapeTimeout === undefined || scrapeTimeout.ms <= scrapeIntervalMs) return [];
  return [
    {
      code: 'LS-CHECK-014',
      severity: 'error',
      subject: 'global',
      where: scrapeTimeout.where,
      what: `the global scrape timeout of ${formatDuration(scrapeTimeout.ms)} is longer than the interval of ${formatDuration(scrapeIntervalMs)}`,
      why: 'Prometheus refuses the file',
      fix: `set global.scrape_timeout to ${formatDuration(scrapeIntervalMs)} or less`,
    },
  ];
}

function slowTimeout(job: ScrapeJob): Finding[] {
  if (job.timeout === undefined || job.timeout.ms <= job.intervalMs) return [];
  return [
    {
      ...finding(job, 'error', {
        what: `scrape job ${job.name} waits ${formatDuration(job.timeout.ms)}, longer than its interval of ${formatDuration(job.intervalMs)}`,
        why: 'Prometheus refuses the file',
        fix: `set scrape_timeout to ${formatDuration(job.intervalMs)} or less`,
      }),
      where: job.timeout.where,
    },
  ];
}

function renamedLabels(job: ScrapeJob, model: Inspected): Finding[] {
  if (job.honorLabels || !programsOf(job, model).includes('pushgateway') || programsOf(job, model).length > 1)
    return [];
  return [
    finding(job, 'warning', {
      what: `scrape job ${job.name} reads a Pushgateway without honor_labels`,
      why: 'the job and instance that were pushed become exported_job and exported_instance: rules on them find nothing',
      fix: 'add honor_labels: true',
    }),
  ];
}

/** Our own build is made with `remove_all_sd`: it has static, file and http discovery. */
const TRIMMED_BUILD = new Set(['file', 'http']);

function missingDiscovery(job: ScrapeJob, model: Inspected): Finding[] {
  const [prometheus] = servicesRunning(model, 'prometheus');
  if (prometheus?.origin !== 'go') return [];
  return job.discoveries
    .filter(({ kind }) => !TRIMMED_BUILD.has(kind))
    .map(({ kind, where }) => ({
      ...finding(job, 'error', {
        what: `scrape job ${job.name} uses ${kind}_sd_configs, which this build of Prometheus does not have`,
        why: 'Leitstand compiles it with static, file and http service discovery only',
        fix: "use file_sd_configs or http_sd_configs, or another build: `version: system`, Debian's package, a path under provision.paths",
      }),
      where,
    }));
}
