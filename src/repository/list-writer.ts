import type { Condemned } from './condemned.ts';
import type { RepositoryContext } from './context.ts';
import type { FrameTable } from './frame-table.ts';
import { ListDraft } from './list-draft.ts';
import type { Day } from './list-spans.ts';
import { firstLines, ListEncoder, writeList } from './lists.ts';
import { listName } from './names.ts';
import type { ListReference, PackReference } from './records.ts';

/** Lists that are compressed or on their way at the same time. */
const UNDER_WAY = 2;

interface WaitingList {
  readonly number: number;
  readonly draft: ListDraft;
  /** Has the part of its text that is complete and new. */
  encoder?: ListEncoder;
}

interface ListWriterOptions {
  readonly condemned: Condemned;
  readonly frames: FrameTable;
  /** Whether an object was met on the way, and is not what it should be. */
  readonly isDamaged: (object: string) => boolean;
}

/** Writes each list once all that it refers to is stored, and not at all where an earlier one is the same. */
export class ListWriter {
  /** Bytes put into the store. */
  storedBytes = 0;
  readonly #context: Pick<RepositoryContext, 'store' | 'keyring'>;
  readonly #condemned: Condemned;
  readonly #frames: FrameTable;
  readonly #isDamaged: ListWriterOptions['isDamaged'];
  readonly #packs = new Map<string, PackReference>();
  /** In the order of the plan. */
  readonly #written: (ListReference | undefined)[] = [];
  #waiting: WaitingList[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #failure: { readonly reason: unknown } | undefined;

  constructor(
    context: Pick<RepositoryContext, 'store' | 'keyring'>,
    { condemned, frames, isDamaged }: ListWriterOptions,
  ) {
    [this.#context, this.#condemned, this.#frames] = [context, condemned, frames];
    this.#isDamaged = isDamaged;
  }

  /** Waits where many lists are being written. */
  async open(day: Day): Promise<ListDraft> {
    while (this.#underWay.size >= UNDER_WAY) await Promise.race(this.#underWay);
    if (this.#failure) throw this.#failure.reason;
    const draft = new ListDraft(day, this.#frames, (pack) => this.#packs.set(pack.id, pack));
    this.#waiting.push({ number: this.#written.push(undefined) - 1, draft });
    return draft;
  }

  /** Writes what is complete by now. */
  advance(): void {
    const complete = this.#waiting.filter((list) => {
      const isComplete = list.draft.isComplete();
      const text = list.draft.takeText();
      if (text.length > 0) (list.encoder ??= encoderFor(list.draft)).write(text);
      return isComplete;
    });
    if (complete.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !complete.includes(one));
    for (const list of complete) this.#begin(list);
  }

  /** All content must be stored. The lists, and all packs that they refer to. */
  async finish(): Promise<{
    readonly lists: readonly ListReference[];
    readonly packs: readonly PackReference[];
  }> {
    this.advance();
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure.reason;
    if (this.#waiting.length > 0) throw new TypeError('a list waits for content that nobody stores');
    return {
      lists: this.#written.filter((list) => list !== undefined),
      packs: [...this.#packs.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
  }

  #begin(list: WaitingList): void {
    const work = this.#write(list)
      .then((reference) => {
        this.#written[list.number] = reference;
      })
      .catch((reason: unknown) => {
        this.#failure ??= { reason };
      })
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  async #write({ draft, encoder }: WaitingList): Promise<ListReference | undefined> {
    const { earlier } = draft;
    if (earlier && !this.#condemned.has(listName(earlier.sha256))) return earlier;
    const content = draft.content;
    if (content.files === 0) return undefined;
    const { reference, storedBytes } = await writeList(this.#context, draft.days, {
      ...content,
      encoder: encoder ?? encoderFor(draft),
      condemned: this.#condemned,
      isDamaged: this.#isDamaged,
    });
    this.storedBytes += storedBytes;
    return reference;
  }
}

/** Once its text has begun, or is complete. */
function encoderFor({ beginning }: ListDraft): ListEncoder {
  if (!beginning) return new ListEncoder();
  const { list, lines } = beginning;
  return new ListEncoder(firstLines(list.reference, list.compressed, lines));
}
