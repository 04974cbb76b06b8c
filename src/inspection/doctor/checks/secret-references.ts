import { isMap, isPair, isScalar, parseDocument, visit } from 'yaml';
import type { EnvironmentName } from '../../../stack/stack.ts';

/** `${secret:NAME}` in the file. */
export interface Reference {
  readonly name: string;
  /** Keys from the root to the value, those of an overlay left out: `receivers`, `on-call`, `slack`, `webhook_url`. */
  readonly path: readonly string[];
}

/** Each secret once; those of other environments are not looked for here. A broken file gives what can be read. */
export function referencesIn(text: string, environment: EnvironmentName): readonly Reference[] {
  const found = new Map<string, Reference>();
  visit(parseDocument(text, { logLevel: 'silent', uniqueKeys: false }), {
    Pair: (_, pair, above) => {
      const path = [...above.filter(isPair), pair].map(({ key }) => (isScalar(key) ? String(key.value) : ''));
      const [first, second] = path;
      if (first === 'environments' && path.length === 2 && second !== environment && isMap(pair.value))
        return visit.SKIP;
      const value = isScalar(pair.value) ? String(pair.value.value) : '';
      const name = /^\$\{secret:([A-Za-z_]\w*)\}$/.exec(value.trim())?.[1];
      if (name !== undefined && !found.has(name))
        found.set(name, { name, path: first === 'environments' ? path.slice(2) : path });
      return undefined;
    },
  });
  return [...found.values()];
}
