import type { S3Place } from '../../../stack/stack.ts';

/** Where an S3 repository is and how it is reached. */
export interface S3Settings extends Omit<S3Place, 'kind' | 'caFile'> {
  /** PEM text of the only authorities that may sign the endpoint's certificate; default: those that Node knows. */
  readonly ca?: string | undefined;
}
