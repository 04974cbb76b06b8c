import type { Finding, WaivedFinding } from '../../inspection/finding.ts';
import type { Json } from '../../platform/canonical-json.ts';
import { printableText } from '../../platform/error-text.ts';
import type { Where } from '../../platform/errors.ts';
import { plural } from '../terminal.ts';
import type { Checked } from './check-files.ts';

/** Findings by file, then what was waived, then what was not asked, then the count. */
export function checkText({ inspection, files, rules }: Checked): string {
  const { findings, waived, notAsked } = inspection;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const blocks: string[] = [];
  for (const [file, inFile] of Map.groupBy(findings, ({ where }) => where.file))
    blocks.push([file, ...inFile.map(findingText)].join('\n'));
  if (waived.length > 0) blocks.push(['Waived', ...waived.map(waivedText)].join('\n'));
  if (notAsked.length > 0) blocks.push(['Not asked', ...notAsked.map((text) => `  ${text}`)].join('\n'));
  const counts = [
    plural(errors, 'error'),
    plural(findings.length - errors, 'warning'),
    ...(waived.length > 0 ? [`${waived.length} waived`] : []),
  ].join(', ');
  blocks.push(`${counts} in ${plural(files, 'file')} with ${plural(rules, 'rule')}`);
  const [first] = findings;
  if (first !== undefined) blocks.push(`more: leitstand explain ${first.code}`);
  return printableText(blocks.join('\n\n'));
}

function findingText({ code, severity, where, what, why, fix, detail = [] }: Finding): string {
  return [
    `  ${placeInFile(where)}${severity === 'error' ? 'error  ' : 'warning'}  ${code}  ${what}`,
    `           why: ${why}`,
    ...detail.map((line) => `             ${line}`),
    `           fix: ${fix}`,
  ].join('\n');
}

function placeInFile({ line, column }: Where): string {
  const place = line === undefined ? '' : column === undefined ? String(line) : `${line}:${column}`;
  return place.padEnd(9);
}

function waivedText({ code, subject, where, waived }: WaivedFinding): string {
  const place = where.line === undefined ? where.file : `${where.file}:${where.line}`;
  return `  ${code}  ${subject}  (${place}) until ${waived.until}: ${waived.reason}`;
}

export function checkJson({ inspection, files, rules }: Checked): Json {
  const { findings, waived, notAsked } = inspection;
  return {
    files,
    rules,
    errors: findings.filter(({ severity }) => severity === 'error').length,
    warnings: findings.filter(({ severity }) => severity === 'warning').length,
    findings: findings.map(findingJson),
    waived: waived.map((finding) => ({ ...findingJson(finding), waived: { ...finding.waived } })),
    notAsked: [...notAsked],
  };
}

function findingJson({ code, severity, subject, where, what, why, fix, detail }: Finding) {
  return {
    code,
    severity,
    subject,
    where: { ...where },
    what,
    why,
    fix,
    ...(detail === undefined ? {} : { detail: [...detail] }),
  };
}
