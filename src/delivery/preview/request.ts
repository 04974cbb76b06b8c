import type { Clock } from '../../platform/clock.ts';
import type { Place, Plan } from '../../stack/plan.ts';
import type { Program } from '../../stack/program.ts';
import type { AnyReceiverPlugin } from '../../stack/receiver.ts';
import type { Runtime } from '../../stack/runtime.ts';
import type { Stack } from '../../stack/stack.ts';
import type { ExampleAlert, Labels } from './example.ts';
import type { PreviewCase } from './report.ts';

export interface PreviewRequest {
  readonly stack: Stack;
  readonly plugins: readonly AnyReceiverPlugin[];
  /** Alertmanager itself. */
  readonly program: Program;
  /** How it would run for a stack at a place. */
  plan(stack: Stack, place: Place): Plan;
  readonly runtime: Pick<Runtime, 'place' | 'twinPlace' | 'startTwin'>;
  /** An existing directory, in which one of its own is made and removed again. */
  readonly scratchDir: string;
  readonly receivers: readonly string[];
  readonly cases: readonly PreviewCase[];
  readonly example: ExampleAlert;
  /** The example is a rule: its labels lead where they lead. */
  readonly isRule: boolean;
  /** Labels that the user wants. */
  readonly labels: Labels;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}
