import type { LeitstandError } from '../platform/errors.ts';
import type { FileEntry } from './file-entry.ts';
import { linkGroup, type PlacedFile } from './restore-links.ts';

/** A name whose content is, or is going to be, in the target. */
export interface FirstName {
  readonly entry: FileEntry;
  placed?: PlacedFile;
  damage?: LeitstandError;
}

/** Of files with several names: the one that gets the content, for the others. */
export class FirstNames {
  readonly #firsts = new Map<string, FirstName>();

  /** Of the names of this file the one that was added; undefined: none was, or it has only one. */
  firstOf(entry: FileEntry): FirstName | undefined {
    const group = linkGroup(entry);
    return group === undefined ? undefined : this.#firsts.get(group);
  }

  add(entry: FileEntry): void {
    const group = linkGroup(entry);
    if (group !== undefined) this.#firsts.set(group, { entry });
  }

  place(entry: FileEntry, placed: PlacedFile): void {
    const first = this.firstOf(entry);
    if (first?.entry === entry) first.placed = placed;
  }

  lose(entry: FileEntry, damage: LeitstandError): void {
    const first = this.firstOf(entry);
    if (first?.entry === entry) first.damage = damage;
  }
}
