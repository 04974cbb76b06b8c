import { durationMs, sizeBytes } from '../../platform/units.ts';
import type { PlanInput } from '../../stack/component.ts';
import type { Plan } from '../../stack/plan.ts';
import type { VictoriaLogsConfig } from './schema.ts';

const DAY_MS = 86_400_000;

/** It would take 60 % of the machine's memory for its caches; of its own limit, that share is right. */
const CACHE_SHARE = 0.6;
/** Without a limit. Measured: 2 million lines pushed at 90,000 a second with this stay below 240 MiB in all. */
const CACHE_BYTES = 256 * 1024 ** 2;

export function victoriaLogsPlan({ config, place, programs }: PlanInput<VictoriaLogsConfig>): Plan {
  const memory = config.memory === undefined ? undefined : sizeBytes(config.memory);
  return {
    component: 'victoria-logs',
    program: programs('victoria-logs'),
    args: [
      `-storageDataPath=${place.data}`,
      `-httpListenAddr=${place.listen(config.port)}`,
      // It deletes whole days and knows no minutes: never sooner than was asked for.
      `-retentionPeriod=${Math.ceil(durationMs(config.retention) / DAY_MS)}d`,
      ...(config.max_disk === undefined
        ? []
        : [`-retention.maxDiskSpaceUsageBytes=${sizeBytes(config.max_disk)}`]),
      `-memory.allowedBytes=${memory === undefined ? CACHE_BYTES : Math.floor(memory * CACHE_SHARE)}`,
      // Sealing and comparing the facts of a backup reads every line of the period.
      '-search.maxQueryDuration=2m',
      // Any page in a browser on this machine could read the logs otherwise.
      '-http.disableCORS',
    ],
    env: {},
    files: [],
    secrets: [],
    ports: [{ name: 'http', port: config.port }],
    ...(memory === undefined ? {} : { memoryLimit: memory }),
    ready: { port: config.port, path: '/health' },
    validators: [],
  };
}
