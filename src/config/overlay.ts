import type { EnvironmentName } from '../stack/stack.ts';
import { SecretReference } from '../stack/secret.ts';
import { type Place, Places } from './places.ts';
import type { Path } from './schema-tree.ts';
import type { Span } from './source-text.ts';

/** What an explicit `null` in an overlay reads as: take the key out. An empty value is an empty mapping, as everywhere. */
export const REMOVED = Symbol('removed by the overlay');

export interface Merged {
  /** Without `environments`. */
  readonly value: unknown;
  readonly places: Places;
  /** Whether what stands at a path of the file is in force in this environment. */
  isInForce(path: Path): boolean;
}

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The file as it holds in one environment: mappings are merged key by key, everything else is replaced as a whole,
 * and what the overlay sets to `null` is gone.
 */
export function mergeOverlay(value: unknown, places: Places, environment: EnvironmentName): Merged {
  if (!isMapping(value)) return { value, places, isInForce: () => true };
  const { environments, ...base } = value;
  const overlay = isMapping(environments) ? environments[environment] : undefined;
  const isOther = (path: Path) => path[0] === 'environments' && path[1] !== environment;
  if (!isMapping(overlay)) return { value: base, places, isInForce: (path) => !isOther(path) };
  const merge = new Merge();
  const merged = merge.mappings(base, overlay, []);
  const overlaid = new OverlaidPlaces(places, ['environments', environment], merge);
  return {
    value: merged,
    places: overlaid,
    isInForce: (path) => !isOther(path) && (path[0] === 'environments' || !merge.isReplaced(path)),
  };
}

class Merge {
  readonly #replaced = new Set<string>();
  readonly #removed = new Set<string>();

  mappings(base: Mapping, overlay: Mapping, path: Path): Mapping {
    const merged: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(overlay)) {
      const below = [...path, key];
      const before = Object.hasOwn(base, key) ? base[key] : undefined;
      if (value === REMOVED) {
        this.#removed.add(JSON.stringify(below));
        this.#replaced.add(JSON.stringify(below));
        delete merged[key];
      } else if (isMapping(before) && isMapping(value)) {
        merged[key] = this.mappings(before, value, below);
      } else {
        if (before !== undefined) this.#replaced.add(JSON.stringify(below));
        merged[key] = isMapping(value) ? this.mappings({}, value, below) : value;
      }
    }
    return merged;
  }

  isReplaced(path: Path): boolean {
    return prefixes(path).some((prefix) => this.#replaced.has(JSON.stringify(prefix)));
  }

  /** The path, or the one above it, that the overlay takes out. */
  removal(path: Path): Path | undefined {
    return prefixes(path).find((prefix) => this.#removed.has(JSON.stringify(prefix)));
  }
}

/** Points at the overlay for what it says, and at the rest of the file for everything else. */
class OverlaidPlaces extends Places {
  readonly #base: Places;
  readonly #root: Path;
  readonly #merge: Merge;

  constructor(base: Places, root: Path, merge: Merge) {
    super();
    this.#base = base;
    this.#root = root;
    this.#merge = merge;
  }

  override get(path: Path): Place | undefined {
    if (path.length === 0) return this.#base.get(path);
    const own = this.#base.get([...this.#root, ...path]);
    return own ?? (this.#merge.isReplaced(path) ? undefined : this.#base.get(path));
  }

  override isOverlaid(path: Path): boolean {
    return path.length > 0 && this.#base.get([...this.#root, ...path]) !== undefined;
  }

  override isSpoilt(path: Path): boolean {
    return (
      this.#base.isSpoilt([...this.#root, ...path]) ||
      (!this.#merge.isReplaced(path) && this.#base.isSpoilt(path))
    );
  }

  override removal(path: Path): { readonly span: Span; readonly by: string } | undefined {
    const removed = this.#merge.removal(path);
    return removed && { span: this.#base.valueSpan([...this.#root, ...removed]), by: this.#root.join('.') };
  }
}

function prefixes(path: Path): Path[] {
  return path.map((_, i) => path.slice(0, i + 1));
}

function isMapping(value: unknown): value is Mapping {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    !(value instanceof SecretReference)
  );
}
