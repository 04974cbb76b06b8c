import type { Stack } from '../../stack/stack.ts';

export interface OwnSourceOptions {
  readonly stack: Pick<Stack, 'components' | 'environment' | 'file' | 'name' | 'rules' | 'stateDir'>;
  /** Its snapshots are encrypted: only then may they hold what else nobody may read. */
  readonly isEncrypted: boolean;
  /** Of Leitstand itself. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of leitstand.lock. */
  readonly lockFile: string;
  /** Lines of a configuration on which a secret is written out. */
  linesWithSecrets(text: string): readonly number[];
  /**
   * Loads a configuration with something in the place of each of these secrets; returns the stack's name. Rejects with
   * the mistakes in it.
   */
  readStack(file: string, secrets: readonly string[]): Promise<string>;
}
