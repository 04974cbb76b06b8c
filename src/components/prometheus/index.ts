import { defineComponent } from '../../stack/component.ts';
import { prometheusOffer, prometheusRules } from './offer.ts';
import { prometheusPlan } from './plan.ts';
import { prometheusProgram, promtoolProgram } from './programs.ts';
import { prometheusSchema } from './schema.ts';
import { prometheusSource } from './source.ts';

export const prometheus = defineComponent({
  name: 'prometheus',
  summary: 'Collects metrics, evaluates the rules and sends alerts to Alertmanager.',
  schema: prometheusSchema,
  program: prometheusProgram,
  tools: [promtoolProgram],
  offers: prometheusOffer,
  rules: prometheusRules,
  plan: prometheusPlan,
  source: () => prometheusSource(),
});
