import type { Plan } from '../../../stack/plan.ts';
import type { TwinInput } from '../../../stack/source.ts';

/** As Prometheus prints it back in its runtime information. */
export const TWIN_RETENTION = '100y';

/** Everything that acts is absent: scrapes, rules, alerting, remote write. A file setting would beat the flag. */
const CONFIG =
  '# A drill: restored data is only read. No scraping, no rules, no alerting.\nscrape_configs: []\n';

/**
 * Retention is relative to the newest block, so a default would delete restored data. Equal block durations switch
 * compaction off: the inventory must stay what was restored. Both flags are hidden and known from 2.42 to 3.16.
 */
export function twinPlan({ program, place, port }: TwinInput): Plan {
  return {
    component: 'prometheus',
    program,
    args: [
      `--config.file=${place.config}/prometheus.yml`,
      `--storage.tsdb.path=${place.data}`,
      `--storage.tsdb.retention.time=${TWIN_RETENTION}`,
      '--storage.tsdb.min-block-duration=2h',
      '--storage.tsdb.max-block-duration=2h',
      `--web.listen-address=${place.listen(port)}`,
      // The next backup of the restored instance is tested too.
      '--web.enable-admin-api',
    ],
    env: {},
    files: [{ path: 'prometheus.yml', content: CONFIG }],
    secrets: [],
    ports: [{ name: 'http', port }],
    ready: { port, path: '/-/ready' },
    validators: [],
  };
}
