import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isAlias, isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import { type LeitstandError, systemErrorCode } from '../platform/errors.ts';
import type { RuleFile } from '../stack/offer.ts';
import { ruleErrors } from './errors.ts';

export interface UserRuleFiles {
  readonly files: readonly RuleFile[];
  readonly mistakes: readonly LeitstandError[];
}

/** The user's rule files as they are, under names that no shipped file has. Their rules are promtool's to judge. */
export function readUserRuleFiles(paths: readonly string[]): UserRuleFiles {
  const files: RuleFile[] = [];
  const mistakes: LeitstandError[] = [];
  const taken = new Map<string, string>();
  for (const path of paths) {
    const name = `user-${basename(path).replace(/(?:\.rules)?\.ya?ml$/, '')}.rules.yml`;
    const other = taken.get(name);
    if (other !== undefined) {
      mistakes.push(sameName(path, other));
      continue;
    }
    taken.set(name, path);
    const content = readRules(path);
    if (typeof content === 'string') files.push({ name, content });
    else mistakes.push(content);
  }
  return { files, mistakes };
}

function sameName(path: string, other: string): LeitstandError {
  const isTwice = path === other;
  return ruleErrors.error('LS-RULES-006', {
    what: isTwice
      ? `rules.files names ${path} twice`
      : `rules.files names two files \`${basename(path).replace(/(?:\.rules)?\.ya?ml$/, '')}\``,
    ...(isTwice ? {} : { why: `the other is ${other}` }),
    where: { file: path },
    fix: isTwice ? 'take one of the lines out' : 'rename one of them',
  });
}

function readRules(path: string): string | LeitstandError {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return ruleErrors.error('LS-RULES-004', {
      what:
        code === 'ENOENT' ? `the rule file ${path} does not exist` : `the rule file ${path} cannot be read`,
      why: REASONS[code] ?? code,
      where: { file: path },
      fix: 'correct its path below `rules.files:` (paths are relative to leitstand.yaml), or take it out',
    });
  }
  return objectToRules(path, text) ?? text;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no file of that name',
  EISDIR: 'it is a directory',
  EACCES: 'the system refuses: its rights do not allow you to read it',
};

function objectToRules(path: string, text: string): LeitstandError | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) {
    const { line, col } = lines.linePos(broken.pos[0]);
    return ruleErrors.error('LS-RULES-005', {
      what: `the rule file ${path} is not valid YAML`,
      why: broken.message,
      where: { file: path, line, column: col },
      fix: 'correct the line',
    });
  }
  // The nodes, not their values: anchors that hundreds of rules share are nothing to unfold here.
  const groups = isMap(document.contents) ? document.contents.get('groups', true) : undefined;
  if (isSeq(groups) || isAlias(groups)) return undefined;
  return ruleErrors.error('LS-RULES-005', {
    what: `the rule file ${path} has no list \`groups\``,
    why: "Prometheus' rule files are lists of groups, each with a name and its rules",
    where: { file: path },
    fix: 'begin it with `groups:`, as docs/rules.md shows',
  });
}
