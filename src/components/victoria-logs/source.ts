import type { Plan } from '../../stack/plan.ts';
import type { ProgramSource, TwinInput } from '../../stack/source.ts';
import { capture, type CaptureLimits } from './source/capture.ts';
import { compare } from './source/compare.ts';
import { damageNewestPart } from './source/damage.ts';

/** VictoriaLogs' partitions through its own snapshot call (1.44 and later). */
export function victoriaLogsSource(limits: Partial<CaptureLimits> = {}): ProgramSource {
  return {
    component: 'victoria-logs',
    capture: (context) => capture(context, { hashedLines: limits.hashedLines ?? 20_000_000 }),
    restorePath: (path) => path,
    twinPlan,
    compare,
    neverRewrites: (path) => /^partitions\/\d{8}\/(?:datadb|indexdb)\/[0-9A-F]{16}\//.test(path),
    damage: damageNewestPart,
    notProven: [
      'lines after the cut-off beyond their number, and the contents of days beyond the 20 million newest lines',
      'lines that were still on their way when the snapshot was made',
      'that the configured retention would keep the restored data: it counts whole days from today',
    ],
  };
}

/** Retention and its counterpart in the future would delete what is compared. */
function twinPlan({ program, place, port }: TwinInput): Plan {
  return {
    component: 'victoria-logs',
    program,
    args: [
      `-storageDataPath=${place.data}`,
      `-httpListenAddr=${place.listen(port)}`,
      '-retentionPeriod=100y',
      '-futureRetention=100y',
      '-search.maxQueryDuration=2m',
      '-memory.allowedBytes=256MB',
    ],
    env: {},
    files: [],
    secrets: [],
    ports: [{ name: 'http', port }],
    ready: { port, path: '/health' },
    validators: [],
  };
}
