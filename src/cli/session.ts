import type { BackupSource } from '../backup/report.ts';
import type { ComponentRegistry } from '../deployment/plans.ts';
import type { History } from '../history/history.ts';
import type { ExpectedProof } from '../stack/proof.ts';
import type { Runtime } from '../stack/runtime.ts';
import type { Stack } from '../stack/stack.ts';

/** A stack with its runtime and its records, for commands that work on what runs. */
export interface Session {
  readonly stack: Stack;
  readonly components: ComponentRegistry;
  readonly runtime: Runtime;
  readonly history: History;
  /** Of the components, then Leitstand's own, which holds the proofs of the others. */
  readonly sources: readonly BackupSource[];
  /** What has to be proven for this stack to count as well. */
  readonly expectedProofs: readonly ExpectedProof[];
  close(): void;
}
