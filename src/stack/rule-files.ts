import { readFileSync } from 'node:fs';
import type { RuleFile } from './offer.ts';

/**
 * The shipped rule files `<name>.rules.yml` of a folder, with their unit tests `<name>.test.yml`. A missing file is a
 * bug: both belong to the program.
 */
export function readRuleFiles(folder: URL, names: readonly string[]): RuleFile[] {
  return names.map((name) => ({
    name: `${name}.rules.yml`,
    content: readFileSync(new URL(`${name}.rules.yml`, folder), 'utf8'),
    tests: readFileSync(new URL(`${name}.test.yml`, folder), 'utf8'),
  }));
}
