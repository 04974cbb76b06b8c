import { defineComponent } from '../../stack/component.ts';
import type { Offer, RuleFile } from '../../stack/offer.ts';
import { readRuleFiles } from '../../stack/rule-files.ts';
import { alertmanagerPlan } from './plan.ts';
import { alertmanagerProgram, amtoolProgram } from './programs.ts';
import { type AlertmanagerConfig, alertmanagerSchema } from './schema.ts';
import { alertmanagerSource } from './source.ts';

export const alertmanager = defineComponent({
  name: 'alertmanager',
  summary: 'Groups, mutes and routes alerts and notifies the receivers.',
  schema: alertmanagerSchema,
  program: alertmanagerProgram,
  tools: [amtoolProgram],
  offers: alertmanagerOffer,
  rules: alertmanagerRules,
  plan: alertmanagerPlan,
  source: () => alertmanagerSource(),
});

function alertmanagerRules(): RuleFile[] {
  return readRuleFiles(new URL('rules/', import.meta.url), ['alertmanager']);
}

function alertmanagerOffer(config: AlertmanagerConfig): Offer {
  return {
    component: 'alertmanager',
    endpoints: [{ kind: 'alertmanager-api', component: 'alertmanager', port: config.port }],
    scrapeJobs: [{ job: 'alertmanager', component: 'alertmanager', port: config.port }],
    ruleFiles: alertmanagerRules(),
  };
}
