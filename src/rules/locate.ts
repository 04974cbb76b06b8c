import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';
import type { Locate } from './settings.ts';

/**
 * Finds keys in the configuration file, for errors that are noticed after it was read. An overlay's key comes before the
 * one beneath it: it is what is in force. What cannot be found is said to be in the file.
 */
export function keyLocator(file: string, environment: string): Locate {
  let read: { readonly contents: unknown; readonly lines: LineCounter } | undefined;
  return (path) => {
    read ??= readKeys(file);
    const key =
      findKey(read.contents, ['environments', environment, ...path]) ?? findKey(read.contents, path);
    if (key === undefined) return { file };
    const { line, col } = read.lines.linePos(key);
    return { file, line, column: col };
  };
}

function readKeys(file: string) {
  const lines = new LineCounter();
  try {
    return { contents: parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines }).contents, lines };
  } catch {
    // Read once already; gone or changed since then. The error itself says what is wrong.
    return { contents: undefined, lines };
  }
}

function findKey(node: unknown, [step, ...rest]: readonly string[]): number | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item: Pair) => isScalar(item.key) && item.key.value === step);
  if (!pair) return undefined;
  if (rest.length > 0) return findKey(pair.value, rest);
  return isScalar(pair.key) ? pair.key.range?.[0] : undefined;
}
