import type { ProgramSource } from '../../stack/source.ts';
import { capture } from './source/capture.ts';
import { compare } from './source/compare.ts';
import { damageNewestBlock } from './source/damage.ts';
import { twinPlan } from './source/twin.ts';

export interface PrometheusSourceOptions {
  /** Raw samples read and hashed in one compared window, at most; default 500,000 (about 15 MB of JSON). */
  readonly sampleBudget?: number;
}

/** Prometheus' blocks and head through its own snapshot call; needs --web.enable-admin-api. */
export function prometheusSource(options: PrometheusSourceOptions = {}): ProgramSource {
  return {
    component: 'prometheus',
    capture: (context) => capture(context, options.sampleBudget ?? 500_000),
    restorePath: (path) => path.replace(/^blocks\//, ''),
    twinPlan,
    compare,
    neverRewrites: (path) => /^[0-9A-Z]{26}\/(?:index$|chunks\/)/.test(path),
    damage: damageNewestBlock,
    notProven: [
      'samples after the cut-off, and those between the compared windows beyond their block inventory',
      'the state of pending and firing alerts, and what rules would compute from the restored data',
      'out-of-order samples that were still in memory, and exemplars',
      'that the configured retention would keep the restored data: it counts from the newest block',
    ],
  };
}
