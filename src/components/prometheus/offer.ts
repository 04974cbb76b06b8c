import { readFileSync } from 'node:fs';
import type { Offer } from '../../stack/offer.ts';
import type { PrometheusConfig } from './schema.ts';

const RULE_FILES = ['watchdog.rules.yml', 'targets.rules.yml', 'prometheus.rules.yml'];

export function prometheusOffer(config: PrometheusConfig): Offer {
  return {
    component: 'prometheus',
    endpoints: [{ kind: 'prometheus-api', component: 'prometheus', port: config.port }],
    scrapeJobs: [{ job: 'prometheus', component: 'prometheus', port: config.port }],
    ruleFiles: RULE_FILES.map((name) => ({
      name,
      content: readFileSync(new URL(`./rules/${name}`, import.meta.url), 'utf8'),
    })),
  };
}
