import { defineComponent } from '../../stack/component.ts';
import type { Offer, RuleFile } from '../../stack/offer.ts';
import { readRuleFiles } from '../../stack/rule-files.ts';
import { victoriaLogsPlan } from './plan.ts';
import { victoriaLogsProgram } from './programs.ts';
import { type VictoriaLogsConfig, victoriaLogsSchema } from './schema.ts';
import { victoriaLogsSource } from './source.ts';

export const victoriaLogs = defineComponent({
  name: 'victoria-logs',
  summary: 'Stores log lines and answers questions about them.',
  schema: victoriaLogsSchema,
  program: victoriaLogsProgram,
  tools: [],
  offers: victoriaLogsOffer,
  rules: victoriaLogsRules,
  plan: victoriaLogsPlan,
  source: () => victoriaLogsSource(),
});

function victoriaLogsRules(): RuleFile[] {
  return readRuleFiles(new URL('rules/', import.meta.url), ['logs']);
}

function victoriaLogsOffer(config: VictoriaLogsConfig): Offer {
  const own = { component: 'victoria-logs', port: config.port };
  return {
    component: 'victoria-logs',
    endpoints: [
      { kind: 'victoria-logs-api', ...own },
      { kind: 'loki-push', ...own, path: '/insert/loki/api/v1/push' },
    ],
    scrapeJobs: [{ job: 'victoria-logs', ...own }],
    ruleFiles: victoriaLogsRules(),
  };
}
