/** What a component gives to the others, so that none imports another. */
export interface Offer {
  readonly component: string;
  readonly endpoints: readonly Endpoint[];
  readonly scrapeJobs: readonly ScrapeJob[];
  readonly ruleFiles: readonly RuleFile[];
}

/** `loki-push` is Loki's own push API, whoever answers it; with `path` it is the whole address. */
export type EndpointKind =
  | 'prometheus-api'
  | 'alertmanager-api'
  | 'pushgateway-api'
  | 'node-metrics'
  | 'prober'
  | 's3'
  | 'victoria-logs-api'
  | 'loki-push'
  | 'leitstand';

export interface Endpoint {
  readonly kind: EndpointKind;
  readonly component: string;
  readonly port: number;
  /** Where on the port, with a leading `/`; default: its root. */
  readonly path?: string;
}

export interface ScrapeJob {
  readonly job: string;
  readonly component: string;
  readonly port: number;
  readonly metricsPath?: string;
  /** Keep the labels that were pushed (Pushgateway). */
  readonly honorLabels?: boolean;
  readonly params?: Readonly<Record<string, readonly string[]>>;
  /** A prober's targets: the job asks it about each of them. */
  readonly probes?: readonly ProbeTarget[];
  /** Duration text; default: Prometheus' own. */
  readonly interval?: string;
  readonly timeout?: string;
}

export interface ProbeTarget {
  /** Handed over as `target`; becomes the label `instance`. */
  readonly target: string;
  /** Becomes the label `probe`. */
  readonly name?: string | undefined;
}

/** A rule file; what the shipped ones may hold beyond Prometheus' own format is in docs/rules.md. */
export interface RuleFile {
  /** `prometheus.rules.yml`; unique over all offers. */
  readonly name: string;
  readonly content: string;
  /** The unit tests of a shipped file, as docs/rules.md describes them. */
  readonly tests?: string;
}
