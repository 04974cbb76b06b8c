import type { S3Place } from '../../../stack/stack.ts';

/** Where an S3 repository is and how it is reached. */
export interface S3Settings extends Omit<S3Place, 'kind' | 'caFile'> {
  /** PEM text of the only authorities that may sign the endpoint's certificate; default: those that Node knows. */
  readonly ca?: string | undefined;
  /** As is good for a server on the network unless given. */
  readonly patience?: S3Patience | undefined;
}

/** How long a server is waited for. */
export interface S3Patience {
  /** For each request, the first one included. */
  readonly attempts: number;
  /** Milliseconds. */
  readonly connectMs: number;
  /** Milliseconds without a byte in either direction. */
  readonly idleMs: number;
}
