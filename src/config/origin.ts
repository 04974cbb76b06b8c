import type { EnvironmentName } from '../stack/stack.ts';
import type { Variables } from './variables.ts';
import type { Places } from './places.ts';
import { parseReferences } from './references.ts';
import type { Path } from './schema-tree.ts';
import type { SourceText } from './source-text.ts';

/** Where a value comes from. Holds names and places, never a value. */
export interface Origin {
  readonly kind: 'file' | 'overlay' | 'default' | 'chosen';
  /** In the configuration file, from 1. */
  readonly line?: number;
  /** The overlay's environment. */
  readonly environment?: EnvironmentName;
  /** What the value refers to: `PORT (.env)`, `secret SLACK_WEBHOOK_URL`. */
  readonly references: readonly string[];
}

/** Says of each path of the merged document who wrote it. */
export function originFinder(parts: {
  readonly source: SourceText;
  readonly text: string;
  readonly places: Places;
  readonly environment: Variables;
  readonly chosen: { readonly name: EnvironmentName; readonly isAskedFor: boolean };
}): (path: Path) => Origin {
  const { source, text, places, environment, chosen } = parts;
  return (path) => {
    if (path.length === 1 && path[0] === 'environment' && chosen.isAskedFor)
      return { kind: 'chosen', references: [] };
    const place = places.get(path);
    if (!place) return { kind: 'default', references: [] };
    const written = text.slice(place.value.start, place.value.end);
    const isOverlay = places.isOverlaid(path);
    return {
      kind: isOverlay ? 'overlay' : 'file',
      line: source.position((place.isPlain ? undefined : place.key)?.start ?? place.value.start).line,
      ...(isOverlay ? { environment: chosen.name } : {}),
      references: place.isPlain ? referencesOf(written, environment) : [],
    };
  };
}

function referencesOf(written: string, environment: Variables): string[] {
  return parseReferences(written).flatMap((part) => {
    if (part.type === 'secret') return [`secret ${part.name}`];
    if (part.type !== 'env') return [];
    if (environment.lookUp(part.name) === undefined) return [`${part.name} (its default here)`];
    return [`${part.name} (${environment.isInFile(part.name) ? '.env' : 'environment variable'})`];
  });
}
