import { nearest } from '../platform/nearest.ts';
import { choices, type Finding } from './finding.ts';
import { quote } from './objections.ts';
import type { Places } from './places.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where backups go is one place, a key of S3 has two halves, and no two recovery keys are the same. */
export function backupFindings({ backup, components }: Fields, places: Places): readonly Finding[] {
  if (!isFields(backup)) return [];
  const names = isFields(components) ? Object.keys(components) : [];
  return [...placeFindings(backup, names, places), ...keyFindings(backup['recovery_keys'], places)];
}

/** What a component has already. */
const OF_COMPONENT = ['endpoint', 'region', 'path_style', 'access_key_id', 'secret_access_key', 'ca_file'];

function placeFindings(
  { directory, s3 }: Fields,
  components: readonly string[],
  places: Places,
): readonly Finding[] {
  if (!isFields(s3)) return [];
  const findings = componentFindings(s3, components, places);
  if (directory !== undefined)
    findings.push({
      code: 'LS-CONFIG-030',
      what: 'backup names two places: `directory` and `s3`',
      why: 'a repository is in one of them',
      fix: 'remove one; where the other comes from an overlay, take it out there: `directory: null`',
      span: places.keySpan(['backup', 's3']),
    });
  if (s3['kms_key_id'] !== undefined && s3['encryption'] !== 'aws:kms')
    findings.push({
      code: 'LS-CONFIG-030',
      what: 'backup.s3 has `kms_key_id` without `encryption: aws:kms`',
      why: 'the key would be used for nothing',
      fix: 'add `encryption: aws:kms`, or remove `kms_key_id`',
      span: places.keySpan(['backup', 's3', 'kms_key_id']),
    });
  if (s3['component'] !== undefined) return findings;
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

function componentFindings(s3: Fields, components: readonly string[], places: Places): Finding[] {
  const { component } = s3;
  const path = ['backup', 's3', 'component'];
  if (typeof component !== 'string' || places.isSpoilt(path)) return [];
  const findings: Finding[] = OF_COMPONENT.filter((key) => s3[key] !== undefined).map((key) => ({
    code: 'LS-CONFIG-030',
    what: `backup.s3 has \`component\` and \`${key}\``,
    why: `how ${component} is reached is known from its own settings`,
    fix: `remove \`${key}\`; for a server that does not belong to this stack, remove \`component\``,
    span: places.keySpan(['backup', 's3', key]),
  }));
  if (!components.includes(component))
    findings.push({
      code: 'LS-CONFIG-030',
      what: `backup.s3.component names ${quote(component)}, which is no component of this stack`,
      fix:
        choices(nearest(component, components), 'components are', components) ??
        'add it below `components:`, or name a server by `endpoint`',
      span: places.valueSpan(path),
    });
  return findings;
}

/** Who names a key twice most likely meant two keys. */
function keyFindings(keys: unknown, places: Places): readonly Finding[] {
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((key, i) => {
    const first = keys.indexOf(key);
    const path = ['backup', 'recovery_keys', i];
    if (first === i || typeof key !== 'string' || places.isSpoilt(path)) return [];
    return [
      {
        code: 'LS-CONFIG-031',
        what: `backup.recovery_keys[${i}] is the same key as backup.recovery_keys[${first}]`,
        fix: 'delete one of the two, or write the key that was meant',
        span: places.valueSpan(path),
      },
    ];
  });
}

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
