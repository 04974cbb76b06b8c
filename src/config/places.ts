import type { Path } from './schema-tree.ts';
import type { Span } from './source-text.ts';

/** Where a key and its value stand; list entries have no key. */
export interface Place {
  readonly key: Span | undefined;
  readonly value: Span;
  /** A scalar or alias, which stands on its own; else a mapping or list, which is best pointed at by its key. */
  readonly isPlain: boolean;
}

/** The way from a path in the document back to the file. */
export class Places {
  readonly #places = new Map<string, Place>();
  readonly #spoilt = new Set<string>();

  add(path: Path, place: Place): void {
    this.#places.set(JSON.stringify(path), place);
  }

  get(path: Path): Place | undefined {
    return this.#places.get(JSON.stringify(path));
  }

  /** A value that is known to be wrong: further complaints about it would be noise. */
  spoil(path: Path): void {
    this.#spoilt.add(JSON.stringify(path));
  }

  isSpoilt(path: Path): boolean {
    return (
      this.#spoilt.size > 0 && path.some((_, i) => this.#spoilt.has(JSON.stringify(path.slice(0, i + 1))))
    );
  }

  /** Where an overlay took the value out, or something above it. */
  removal(_path: Path): { readonly span: Span; readonly by: string } | undefined {
    return undefined;
  }

  /** Whether an overlay says it. */
  isOverlaid(_path: Path): boolean {
    return false;
  }

  /** What to point at when the value is wrong. */
  valueSpan(path: Path): Span {
    const place = this.get(path);
    if (!place) return this.keySpan(path);
    const isVisible = place.isPlain && place.value.end > place.value.start;
    return isVisible || !place.key ? place.value : place.key;
  }

  /** What to point at when the key, or something that is missing below it, is meant. */
  keySpan(path: Path): Span {
    for (let known = path; known.length > 0; known = known.slice(0, -1)) {
      const place = this.get(known);
      if (place) return place.key ?? place.value;
    }
    return this.get([])?.value ?? { start: 0, end: 0 };
  }
}
