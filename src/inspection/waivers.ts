import type { Waiver } from '../stack/stack.ts';
import type { Finding, WaivedFinding } from './finding.ts';
import type { Where } from '../platform/errors.ts';

/** A waiver with the place where it is written. */
export interface PlacedWaiver extends Waiver {
  readonly where: Where;
  /** Written in the file: covers what stands on its line and on the next lines of its paragraph. */
  readonly lines?: { readonly first: number; readonly last: number };
}

const COMMENT =
  /#\s*leitstand:ignore\s+(LS-[A-Z]+-\d{3})(?::(\S+))?\s+until\s+(\d{4}-\d{2}-\d{2})\s*:\s*(\S.*?)\s*$/;

/**
 * `# leitstand:ignore LS-CHECK-003 until 2026-12-31: reason`. It covers the findings of its code on the line where it
 * stands, or, alone on a line, in the entry below it. At the top of a file, above any content, it covers the file.
 */
export function waiversInText(file: string, text: string): PlacedWaiver[] {
  if (!text.includes('leitstand:ignore')) return [];
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const [, code, subject, until, reason] = COMMENT.exec(line) ?? [];
    if (code === undefined || until === undefined || reason === undefined) return [];
    return [
      {
        code,
        ...(subject === undefined ? {} : { subject }),
        until,
        reason,
        where: { file, line: index + 1, column: line.indexOf('#') + 1 },
        lines: covered(lines, index),
      },
    ];
  });
}

function covered(lines: readonly string[], index: number): { first: number; last: number } {
  const line = lines[index] ?? '';
  if (!/^\s*#/.test(line)) return { first: index + 1, last: index + 1 };
  const isContent = (text: string | undefined) =>
    text !== undefined && text.trim() !== '' && !/^\s*#|^---/.test(text);
  if (!lines.slice(0, index).some(isContent)) return { first: 1, last: lines.length };
  let start = index + 1;
  while (start < lines.length && !isContent(lines[start])) start++;
  const indent = indentOf(lines[start] ?? '');
  let last = start;
  // The entry ends where something stands as far left as it begins.
  for (let next = start + 1; next < lines.length; next++) {
    const text = lines[next] ?? '';
    if (!isContent(text)) continue;
    if (indentOf(text) <= indent) break;
    last = next;
  }
  return { first: index + 1, last: last + 1 };
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

export interface Judged {
  readonly findings: readonly Finding[];
  readonly waived: readonly WaivedFinding[];
}

/** `today` is `YYYY-MM-DD`. Waivers that have run out, or that cover nothing, are findings themselves. */
export function applyWaivers(all: readonly Finding[], given: readonly PlacedWaiver[], today: string): Judged {
  // Those for findings of other commands are theirs to judge.
  const waivers = given.filter(({ code }) => code.startsWith('LS-CHECK-'));
  const findings: Finding[] = [];
  const waived: WaivedFinding[] = [];
  const used = new Set<PlacedWaiver>();
  for (const finding of all) {
    const covering = waivers.filter((waiver) => covers(waiver, finding));
    for (const waiver of covering) used.add(waiver);
    const inForce = covering.find(({ until }) => until >= today);
    if (inForce === undefined) findings.push(finding);
    else waived.push({ ...finding, waived: { reason: inForce.reason, until: inForce.until } });
  }
  const own = waivers.flatMap((waiver) => waiverFinding(waiver, used.has(waiver), today));
  return { findings: [...findings, ...own], waived };
}

function covers({ code, subject, lines, where }: PlacedWaiver, finding: Finding): boolean {
  if (code !== finding.code || (subject !== undefined && subject !== finding.subject)) return false;
  if (lines === undefined) return true;
  const line = finding.where.line ?? 1;
  return finding.where.file === where.file && line >= lines.first && line <= lines.last;
}

function waiverFinding(
  { code, subject, until, reason, where }: PlacedWaiver,
  isUsed: boolean,
  today: string,
): Finding[] {
  const name = subject === undefined ? code : `${code}:${subject}`;
  const common = { code: 'LS-CHECK-017', severity: 'warning', subject: name, where } as const;
  if (isUsed && until < today)
    return [
      {
        ...common,
        what: `the waiver of ${name} ended on ${until}`,
        why: `it was given because: ${reason}`,
        fix: 'mend what it covers, or renew it with a reason and a date',
      },
    ];
  if (isUsed) return [];
  return [
    {
      ...common,
      what: `the waiver of ${name} covers nothing`,
      why: 'what it was for is mended, is called otherwise now, or is there in another environment only',
      fix: 'delete it, or move it below the environment in `environments`',
    },
  ];
}
