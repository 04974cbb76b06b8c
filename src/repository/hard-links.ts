import type { CaptureEntry } from '../stack/source.ts';

/** The names that share a file with another name of the capture; a name alone is like any other. */
export class HardLinks {
  /** The least path of each, and how many there are. */
  readonly #names = new Map<string, { first: string; count: number }>();

  add({ path, kind, hardLink }: CaptureEntry): void {
    if (hardLink === undefined || kind !== undefined) return;
    const known = this.#names.get(hardLink);
    if (!known) {
      this.#names.set(hardLink, { first: path, count: 1 });
      return;
    }
    known.count += 1;
    if (path < known.first) known.first = path;
  }

  /** What its list entry says in `link`, once all were added. */
  linkOf({ hardLink, kind }: CaptureEntry): string | undefined {
    const known = hardLink === undefined || kind !== undefined ? undefined : this.#names.get(hardLink);
    return known && known.count > 1 ? known.first : undefined;
  }
}
