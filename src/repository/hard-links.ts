import type { CaptureEntry } from '../stack/source.ts';
import type { FileFacts } from './workers/read-files.ts';

/** The names that share a file with another name of the capture; a name alone is like any other. */
export class HardLinks {
  /** By the file's identity: the least path of each, and how many there are. */
  readonly #names = new Map<string, { first: string; count: number }>();

  /** `linked`: as in FileFacts. */
  add({ path }: Pick<CaptureEntry, 'path'>, linked: string): void {
    const known = this.#names.get(linked);
    if (!known) {
      this.#names.set(linked, { first: path, count: 1 });
      return;
    }
    known.count += 1;
    if (path < known.first) known.first = path;
  }

  /** What its list entry says in `link`, once all were added. */
  linkOf({ linked }: FileFacts): string | undefined {
    const known = linked === undefined ? undefined : this.#names.get(linked);
    return known && known.count > 1 ? known.first : undefined;
  }
}
