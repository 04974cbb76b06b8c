import { sizeBytes } from '../../platform/units.ts';
import { defineComponent, type PlanInput } from '../../stack/component.ts';
import type { Offer, RuleFile } from '../../stack/offer.ts';
import type { Plan } from '../../stack/plan.ts';
import { readRuleFiles } from '../../stack/rule-files.ts';
import { pushgatewayProgram } from './programs.ts';
import { type PushgatewayConfig, pushgatewaySchema } from './schema.ts';
import { pushgatewaySource } from './source.ts';

export const pushgateway = defineComponent({
  name: 'pushgateway',
  summary: 'Keeps the metrics of jobs that end before they can be scraped: backups, cron jobs.',
  schema: pushgatewaySchema,
  program: pushgatewayProgram,
  tools: [],
  offers: pushgatewayOffer,
  rules: pushgatewayRules,
  plan: pushgatewayPlan,
  source: () => pushgatewaySource(),
});

function pushgatewayRules(): RuleFile[] {
  return readRuleFiles(new URL('rules/', import.meta.url), ['pushes']);
}

function pushgatewayOffer(config: PushgatewayConfig): Offer {
  return {
    component: 'pushgateway',
    endpoints: [{ kind: 'pushgateway-api', component: 'pushgateway', port: config.port }],
    scrapeJobs: [{ job: 'pushgateway', component: 'pushgateway', port: config.port, honorLabels: true }],
    ruleFiles: pushgatewayRules(),
  };
}

function pushgatewayPlan({ config, place, programs }: PlanInput<PushgatewayConfig>): Plan {
  return {
    component: 'pushgateway',
    program: programs('pushgateway'),
    args: [
      `--web.listen-address=${place.listen(config.port)}`,
      `--web.external-url=${place.externalUrl(config.port)}`,
      `--persistence.file=${place.data}/pushgateway.data`,
      // The smallest gap between two saves: what was pushed within it is lost when the program is killed.
      '--persistence.interval=10s',
    ],
    env: {},
    files: [],
    secrets: [],
    ports: [{ name: 'http', port: config.port }],
    ...(config.memory === undefined ? {} : { memoryLimit: sizeBytes(config.memory) }),
    ready: { port: config.port, path: '/-/ready' },
    validators: [],
  };
}
