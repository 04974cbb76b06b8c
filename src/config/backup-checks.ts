import type { Finding } from './finding.ts';
import type { Places } from './places.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where backups go is one place, and a key has two halves. */
export function backupFindings({ backup }: Fields, places: Places): readonly Finding[] {
  if (!isFields(backup)) return [];
  const { directory, s3 } = backup;
  if (!isFields(s3)) return [];
  const findings: Finding[] = [];
  if (directory !== undefined)
    findings.push({
      code: 'LS-CONFIG-030',
      what: 'backup names two places: `directory` and `s3`',
      why: 'a repository is in one of them',
      fix: 'remove one; where the other comes from an overlay, take it out there: `directory: null`',
      span: places.keySpan(['backup', 's3']),
    });
  for (const [key, other] of [
    ['access_key_id', 'secret_access_key'],
    ['secret_access_key', 'access_key_id'],
  ] as const)
    if (s3[key] !== undefined && s3[other] === undefined && !places.isSpoilt(['backup', 's3', other]))
      findings.push({
        code: 'LS-CONFIG-030',
        what: `backup.s3 has \`${key}\` without \`${other}\``,
        why: 'S3 wants both halves of a key',
        fix: `add \`${other}\`, or remove \`${key}\` for AWS' own chain of credentials`,
        span: places.keySpan(['backup', 's3', key]),
      });
  return findings;
}

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
