import { LeitstandError } from '../platform/errors.ts';
import { afterRun, type VerificationState, writeVerification } from './verification-state.ts';
import type { VerifyRequest } from './verify.ts';
import type { NeededObject } from './verify-needs.ts';
import type { VerifyRun } from './verify-run.ts';
import { dueObjects, type RotatedObject } from './verify-share.ts';

export interface SightedObjects {
  /** Name → when it came, as the store says: a guess. */
  readonly cameAt: ReadonlyMap<string, number>;
}

/** A run that is killed loses the record of this much work at most. */
const CHECKPOINT_MS = 10 * 60_000;

/** What was read back when, before this run and with it. */
export class VerifyLedger {
  failure: LeitstandError | undefined;
  readonly #run: VerifyRun;
  readonly #now: number;
  readonly #request: VerifyRequest;
  #before: VerificationState;
  #writtenAt: number;

  constructor(
    run: VerifyRun,
    {
      before,
      now,
      request,
    }: { readonly before: VerificationState; readonly now: number; readonly request: VerifyRequest },
  ) {
    this.#run = run;
    this.#before = before;
    this.#now = now;
    this.#request = request;
    this.#writtenAt = run.context.clock.monotonic();
  }

  get state(): Pick<VerificationState, 'readAt' | 'damaged'> {
    const { read, damaged, needs } = this.#run;
    return afterRun(this.#before, { at: this.#now, read: [...read], damaged }, needs.objects);
  }

  /** What was found damaged before first: it is not forgotten because other things are due. */
  due(usable: readonly NeededObject[], { cameAt }: SightedObjects): NeededObject[] {
    const { damaged, lastAt } = this.#before;
    const known = usable.filter(({ name }) => damaged.has(name));
    const others = usable.filter(({ name }) => !damaged.has(name));
    const days = this.#request.rotateDays ?? Number.POSITIVE_INFINITY;
    const due = dueObjects(
      others.map((object) => this.#rotated(object, cameAt.get(object.name))),
      { now: this.#now, lastAt: lastAt !== undefined && lastAt <= this.#now ? lastAt : undefined, days },
    );
    return [...known, ...due.flatMap(({ name }) => this.#run.needs.objects.get(name) ?? [])];
  }

  /** Of every needed byte. */
  oldest({ cameAt }: SightedObjects): number | undefined {
    const { readAt } = this.state;
    let oldest: number | undefined;
    for (const object of this.#run.needs.objects.values()) {
      const { since } = this.#rotated(object, cameAt.get(object.name));
      const read = readAt.get(object.name);
      const at = read !== undefined && read <= this.#now ? read : since;
      oldest = Math.min(oldest ?? at, at);
    }
    return oldest;
  }

  async checkpoint(): Promise<void> {
    if (this.#run.context.clock.monotonic() - this.#writtenAt > CHECKPOINT_MS) await this.write();
  }

  /** Not of one snapshot alone, from which it is not known what the others need. */
  async write(): Promise<void> {
    const { context, read, damaged } = this.#run;
    const isSilent = read.size === 0 && damaged.size === 0 && this.#before.damaged.size === 0;
    if (!context.signingKey || this.#request.snapshot !== undefined || isSilent) return;
    try {
      this.#before = await writeVerification(context, this.#before, this.state);
    } catch (error) {
      if (!(error instanceof LeitstandError)) throw error;
      this.failure = error;
    }
    this.#writtenAt = context.clock.monotonic();
  }

  /** A time that lies in the future is of a clock that was wrong, and says nothing. */
  #rotated({ name, size, since }: NeededObject, cameAt: number | undefined): RotatedObject {
    const readAt = this.#before.readAt.get(name);
    const stated = cameAt !== undefined && cameAt > 0 ? Math.min(cameAt, this.#now) : this.#now;
    return {
      name,
      size,
      since: since <= this.#now ? since : stated,
      readAt: readAt !== undefined && readAt <= this.#now ? readAt : undefined,
    };
  }
}
