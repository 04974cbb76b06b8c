import type { Offer, RuleFile } from '../../stack/offer.ts';
import { readRuleFiles } from '../../stack/rule-files.ts';
import type { PrometheusConfig } from './schema.ts';

export function prometheusRules(): RuleFile[] {
  return readRuleFiles(new URL('rules/', import.meta.url), ['watchdog', 'targets', 'prometheus']);
}

export function prometheusOffer(config: PrometheusConfig): Offer {
  return {
    component: 'prometheus',
    endpoints: [{ kind: 'prometheus-api', component: 'prometheus', port: config.port }],
    scrapeJobs: [{ job: 'prometheus', component: 'prometheus', port: config.port }],
    ruleFiles: prometheusRules(),
  };
}
