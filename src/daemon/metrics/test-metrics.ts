import type { Clock } from '../../platform/clock.ts';
import type { MetricFamily } from '../../platform/metrics-text.ts';
import { readWantedTests } from '../../runtimes/native/wanted-tests.ts';
import { TEST_METRIC } from '../../stack/delivery.ts';
import { family } from './family.ts';

export interface TestSources {
  /** Directory in which tests say what they want. */
  readonly wantedTests: string;
  readonly clock: Clock;
}

/** The alerts that `alert test --from-prometheus` wants right now; none: the family is left out. */
export async function testMetrics({ wantedTests, clock }: TestSources): Promise<MetricFamily[]> {
  const alerts = await readWantedTests(wantedTests, clock.now());
  return [
    family(
      TEST_METRIC,
      'gauge',
      'A test wants the rule on this to fire, with these labels.',
      alerts.map((labels) => ({ labels, value: 1 })),
    ),
  ];
}
