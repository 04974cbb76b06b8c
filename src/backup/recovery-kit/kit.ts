import type { KeyObject } from 'node:crypto';
import type { Secret } from '../../stack/secret.ts';
import type { StorePlace } from '../../stack/stack.ts';

/** What a stack needs on another machine to have its backups again: on paper, in two places, never on its own machine. */
export interface RecoveryKit {
  /** The stack's name. */
  readonly stack: string;
  /** UTC, ISO 8601. */
  readonly madeAt: string;
  /** Version of Leitstand that wrote it. */
  readonly version?: string | undefined;
  /** To whom backups are encrypted: `age1…`. Empty: they are not. */
  readonly recoveryKeys: readonly string[];
  /** The secret half of one of them; absent in a kit that was printed again. */
  readonly secretKey?: Secret | undefined;
  /** Ed25519: what the stack's backups are signed with. */
  readonly publicKey: KeyObject;
  /** Where the backups are, without credentials. */
  readonly store: StorePlace;
}
