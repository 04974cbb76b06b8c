import { readFileSync } from 'node:fs';
import { defineComponent } from '../../stack/component.ts';
import type { Offer } from '../../stack/offer.ts';
import { alertmanagerPlan } from './plan.ts';
import { alertmanagerProgram, amtoolProgram } from './programs.ts';
import { type AlertmanagerConfig, alertmanagerSchema } from './schema.ts';

export const alertmanager = defineComponent({
  name: 'alertmanager',
  summary: 'Groups, mutes and routes alerts and notifies the receivers.',
  schema: alertmanagerSchema,
  program: alertmanagerProgram,
  tools: [amtoolProgram],
  offers: alertmanagerOffer,
  plan: alertmanagerPlan,
});

function alertmanagerOffer(config: AlertmanagerConfig): Offer {
  return {
    component: 'alertmanager',
    endpoints: [{ kind: 'alertmanager-api', component: 'alertmanager', port: config.port }],
    scrapeJobs: [{ job: 'alertmanager', component: 'alertmanager', port: config.port }],
    ruleFiles: [
      {
        name: 'alertmanager.rules.yml',
        content: readFileSync(new URL('./rules/alertmanager.rules.yml', import.meta.url), 'utf8'),
      },
    ],
  };
}
