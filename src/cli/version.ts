import { readFileSync } from 'node:fs';

/** Of Leitstand itself, as its package says. */
export function leitstandVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
