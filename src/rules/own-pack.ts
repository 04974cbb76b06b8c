import type { RuleFile } from '../stack/offer.ts';
import { readRuleFiles } from '../stack/rule-files.ts';

/** Rules on Leitstand's own metrics: backups, drills, deliveries, the programs that it supervises. */
export function ownRuleFiles(): RuleFile[] {
  return readRuleFiles(new URL('packs/', import.meta.url), ['leitstand']);
}
