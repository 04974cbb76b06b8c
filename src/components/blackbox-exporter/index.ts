import { defineComponent } from '../../stack/component.ts';
import { blackboxExporterOffer, blackboxExporterRules } from './offer.ts';
import { blackboxExporterPlan } from './plan.ts';
import { blackboxExporterProgram } from './programs.ts';
import { blackboxExporterSchema } from './schema.ts';

export const blackboxExporter = defineComponent({
  name: 'blackbox-exporter',
  summary: 'Looks at pages, ports and certificates from outside, as their users would.',
  schema: blackboxExporterSchema,
  program: blackboxExporterProgram,
  tools: [],
  offers: blackboxExporterOffer,
  rules: blackboxExporterRules,
  plan: blackboxExporterPlan,
});
