import type { LeitstandError } from '../platform/errors.ts';
import type { RepositoryContext } from './context.ts';
import { surveyCondemned } from './record-store.ts';
import { readVerificationState } from './verification-state.ts';

/** What may be deleted any time, or is damaged: no writer builds upon it, nor makes it anew under the same name. */
export interface Condemned {
  has(object: string): boolean;
  /** Makes another object of the same content. */
  salt(): string;
  /** Records that do not hold: then everything counts as condemned, and content is stored anew. */
  readonly damage: readonly LeitstandError[];
}

/** To be read before a writer looks for anything that it could build upon. */
export async function readCondemned(context: RepositoryContext): Promise<Condemned> {
  const { records, refused } = await surveyCondemned(context);
  // What a verification found damaged is as good as gone: the next backup stores its content anew.
  const { damaged } = await readVerificationState(context);
  const objects = new Set([...records.flatMap((record) => record.objects), ...damaged.keys()]);
  return {
    has: (object) => refused.length > 0 || objects.has(object),
    salt: () => Buffer.from(context.random(8)).toString('hex'),
    damage: refused,
  };
}
