import { sizeBytes } from '../../platform/units.ts';
import { defineComponent, type PlanInput } from '../../stack/component.ts';
import type { Offer } from '../../stack/offer.ts';
import type { Plan } from '../../stack/plan.ts';
import { versitygwProgram } from './programs.ts';
import { type VersitygwConfig, versitygwSchema } from './schema.ts';

export const versitygw = defineComponent({
  name: 'versitygw',
  summary: 'An S3 store on a directory of this machine.',
  schema: versitygwSchema,
  program: versitygwProgram,
  tools: [],
  offers: versitygwOffer,
  plan: versitygwPlan,
  buckets: ({ port, access_key: accessKey, secret_key: secretKey }) => ({
    port,
    region: REGION,
    accessKey,
    secretKey,
  }),
});

/** Its default. */
const REGION = 'us-east-1';

/** No bucket can have this name, so that it hides none. */
const HEALTH = '/-/healthy';

/** It has no page with metrics: it can only send them, to a StatsD server. */
function versitygwOffer(config: VersitygwConfig): Offer {
  return {
    component: 'versitygw',
    endpoints: [{ kind: 's3', component: 'versitygw', port: config.port }],
    scrapeJobs: [],
    ruleFiles: [],
  };
}

function versitygwPlan({ config, place, programs, stack }: PlanInput<VersitygwConfig>): Plan {
  return {
    component: 'versitygw',
    program: programs('versitygw'),
    args: [
      `--port=${place.listen(config.port)}`,
      `--health=${HEALTH}`,
      // A line for every request would fill the log.
      '--quiet',
      // A new connection for every object otherwise.
      '--keep-alive',
      'posix',
      // Files that only this user may read: what is in the store may be a backup of secrets.
      '--dir-perms=0700',
      '--file-perms=0600',
      place.data,
    ],
    env: {},
    secretEnv: { ROOT_ACCESS_KEY: 'access-key', ROOT_SECRET_KEY: 'secret-key' },
    files: [],
    secrets: [
      { name: 'access-key', value: stack.resolveSecret(config.access_key) },
      { name: 'secret-key', value: stack.resolveSecret(config.secret_key) },
    ],
    ports: [{ name: 's3', port: config.port }],
    ...(config.memory === undefined ? {} : { memoryLimit: sizeBytes(config.memory) }),
    ready: { port: config.port, path: HEALTH },
    validators: [],
  };
}
