/** What a component gives to the others, so that none imports another. */
export interface Offer {
  readonly component: string;
  readonly endpoints: readonly Endpoint[];
  readonly scrapeJobs: readonly ScrapeJob[];
  readonly ruleFiles: readonly RuleFile[];
}

export interface Endpoint {
  readonly kind: 'prometheus-api' | 'alertmanager-api' | 'pushgateway-api' | 'leitstand';
  readonly component: string;
  readonly port: number;
}

export interface ScrapeJob {
  readonly job: string;
  readonly component: string;
  readonly port: number;
  readonly metricsPath?: string;
  /** Keep the labels that were pushed (Pushgateway). */
  readonly honorLabels?: boolean;
}

/** A rule file in Prometheus' own format. */
export interface RuleFile {
  /** `prometheus.rules.yml`; unique over all offers. */
  readonly name: string;
  readonly content: string;
}
