import type { Inspected, PrometheusFile, ScrapeJob, Service, Target } from './model.ts';

/** A program, how a scrape job for it is recognised, and the metrics that nobody else has. */
interface Exporter {
  readonly name: string;
  readonly title: string;
  /** In names of jobs, services, images and hosts. */
  readonly names: RegExp;
  readonly port?: number;
  readonly metrics?: RegExp;
  /** It hands on what others gave it: any metric may come through it. */
  readonly forwards?: boolean;
  /** Only on this path are its metrics those of `metrics`. */
  readonly path?: RegExp;
}

/** Ports: the programs' defaults, registered at github.com/prometheus/prometheus/wiki/Default-port-allocations. */
const EXPORTERS: readonly Exporter[] = [
  {
    name: 'cadvisor',
    title: 'cAdvisor',
    names: /cadvisor|kubelet/,
    port: 8080,
    metrics:
      /^(?:container_(?:blkio|cpu_|file_descriptors|fs_|hugetlb|last_seen|llc|memory_|network_|oom_events|perf_|processes|referenced|sockets|spec_|start_time_seconds|tasks_state|threads|ulimits)|cadvisor_|machine_(?:cpu_cores|memory_bytes))/,
  },
  {
    name: 'node-exporter',
    title: 'the node exporter',
    names: /node[-_]?exporter|\bnode\b|windows[-_]?exporter/,
    port: 9100,
    metrics: /^node_(?!(?:cpu_usage_seconds_total|memory_working_set_bytes|swap_usage_bytes|collector)$)/,
  },
  {
    name: 'blackbox-exporter',
    title: 'the blackbox exporter',
    names: /blackbox/,
    port: 9115,
    metrics: /^probe_(?:dns|duration|failed|http|icmp|ip|ssl|success|tls|expect|grpc)/,
    path: /\/probe$/,
  },
  {
    name: 'pushgateway',
    title: 'the Pushgateway',
    names: /push-?gateway/,
    port: 9091,
    metrics: /^(?:pushgateway_|push_(?:failure_)?time_seconds$)/,
  },
  {
    name: 'alertmanager',
    title: 'Alertmanager',
    names: /alert-?manager/,
    port: 9093,
    metrics: /^alertmanager_/,
  },
  { name: 'loki', title: 'Loki', names: /\bloki\b/, port: 3100, metrics: /^loki_(?!canary|build_info$)/ },
  { name: 'promtail', title: 'Promtail', names: /promtail/, port: 9080, metrics: /^promtail_/ },
  {
    name: 'grafana',
    title: 'Grafana',
    names: /grafana(?!-?(?:agent|alloy))/,
    port: 3000,
    metrics: /^grafana_/,
  },
  { name: 'redis', title: 'the Redis exporter', names: /redis/, port: 9121, metrics: /^redis_/ },
  {
    name: 'postgres',
    title: 'the Postgres exporter',
    names: /postgres|pgsql|\bpg\b/,
    port: 9187,
    metrics: /^pg_(?:up|stat_|settings_|locks_|database_|replication_|exporter_)/,
  },
  { name: 'mysql', title: 'the MySQL exporter', names: /mysql|mariadb/, port: 9104, metrics: /^mysql_/ },
  {
    name: 'kube-state-metrics',
    title: 'kube-state-metrics',
    names: /kube-?state|\bksm\b/,
    metrics: /^kube_/,
  },
  {
    name: 'victoria-logs',
    title: 'VictoriaLogs',
    names: /victoria-?logs|\bvlogs\b/,
    port: 9428,
    metrics: /^vl_/,
  },
  { name: 'leitstand', title: 'Leitstand', names: /leitstand/, port: 9470, metrics: /^leitstand_/ },
  {
    name: 'otel-collector',
    title: 'the OpenTelemetry collector',
    names: /otel|opentelemetry/,
    port: 8888,
    metrics: /^otelcol_/,
    forwards: true,
  },
  {
    name: 'agent',
    title: 'an agent',
    names: /alloy|agent|telegraf|vector|integrations\/|netdata|statsd|fluent|federat|graphite|collectd/,
    forwards: true,
  },
  {
    name: 'prometheus',
    title: 'Prometheus',
    names: /prometheus(?!-?(?:node|blackbox|push|alert))/,
    port: 9090,
    metrics: /^prometheus_(?!operator|config_reloader)/,
  },
];

export type Availability =
  | { readonly state: 'scraped' | 'unknown' }
  /** Nothing that is scraped is known to have it; `doubtful` jobs are not recognised. */
  | { readonly state: 'missing'; readonly exporter: string; readonly doubtful: readonly string[] };

/** What everything has that speaks Prometheus' format, and what Prometheus itself adds. */
const EVERYWHERE =
  /^(?:up|scrape_|go_|process_|promhttp_|python_|nodejs_|jvm_|net_conntrack_|ALERTS(?:_FOR_STATE)?$|.*:)/;

/** Whether some scrape job of the file can have the metric; `unknown` wherever a job could be anything. */
export function availabilityOf(metric: string, prometheus: PrometheusFile, model: Inspected): Availability {
  const exporter = exporterOfMetric(metric);
  if (exporter === undefined) return { state: 'unknown' };
  const { jobs, hasMoreJobs, takesPushes } = prometheus;
  if (hasMoreJobs || takesPushes || jobs.some(({ isOpen }) => isOpen)) return { state: 'unknown' };
  const doubtful: string[] = [];
  for (const job of jobs) {
    const recognised = exportersOf(job, model);
    if (recognised.some(({ name }) => name === exporter.name)) return { state: 'scraped' };
    if (recognised.length === 0 && !isKnownStranger(job, model)) doubtful.push(job.name);
    if (recognised.some((one) => one.forwards === true && forwardsAnything(one, model)))
      doubtful.push(job.name);
  }
  return { state: 'missing', exporter: exporter.title, doubtful };
}

export function exporterOfMetric(metric: string): Exporter | undefined {
  if (EVERYWHERE.test(metric)) return undefined;
  return EXPORTERS.find(({ metrics }) => metrics?.test(metric));
}

/** The names of the programs that a scrape job is about. */
export function programsOf(job: ScrapeJob, model: Inspected): readonly string[] {
  return exportersOf(job, model).map(({ name }) => name);
}

function exportersOf(job: ScrapeJob, model: Inspected): Exporter[] {
  const services = job.targets.flatMap((target) => serviceOf(target, model.services) ?? []);
  return EXPORTERS.filter((exporter) => {
    const named =
      exporter.names.test(job.name.toLowerCase()) ||
      job.targets.some(({ host }) => exporter.names.test(host)) ||
      services.some(
        ({ image, name }) => exporter.names.test(programPart(image)) || exporter.names.test(name),
      );
    if (named) return exporter.path?.test(job.path) !== false || job.path === '/metrics';
    // A port alone tells something only where nothing else does.
    return (
      services.length === 0 &&
      job.targets.some(({ port }) => port === exporter.port) &&
      exporter.port !== 8080
    );
  }).filter((exporter, _, all) => all.length === 1 || exporter.name !== 'prometheus' || isPrometheus(job));
}

/** `prom/prometheus` is in the name of every exporter's image: only its last part tells. */
function programPart(image: string): string {
  return (
    image
      .replace(/[:@].*$/, '')
      .split('/')
      .at(-1) ?? ''
  );
}

function isPrometheus({ name, targets }: ScrapeJob): boolean {
  return (
    name.toLowerCase().startsWith('prometheus') ||
    targets.some(({ host, port }) => host === 'prometheus' || port === 9090)
  );
}

/** A service whose image is known to be something else: an application, a proxy. */
function isKnownStranger(job: ScrapeJob, model: Inspected): boolean {
  // A component of the stack: what it has is known by its name.
  if (model.services.some(({ name, origin }) => origin !== undefined && name === job.name)) return true;
  return (
    job.targets.length > 0 &&
    job.targets.every((target) => {
      const image = serviceOf(target, model.services)?.image ?? '';
      return image !== '' && !image.includes('$');
    })
  );
}

function forwardsAnything({ name }: Exporter, { collectors }: Inspected): boolean {
  return name !== 'otel-collector' || collectors.length === 0 || collectors.some(({ scrapes }) => scrapes);
}

function serviceOf({ host }: Target, services: readonly Service[]): Service | undefined {
  return services.find(({ name }) => name === host);
}
