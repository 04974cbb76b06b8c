import type { LeitstandError } from '../../platform/errors.ts';
import { type AgeIdentity, parseIdentities, parseRecipient } from '../../repository/repository.ts';
import { backupErrors } from '../errors.ts';
import { type Field, FIELDS, KIT_VERSION, placeIn, publicKeyIn, REPEATED } from './fields.ts';
import type { RecoveryKit } from './kit.ts';

export interface ReadKit extends RecoveryKit {
  /** Of the secret key; empty in a kit without one. */
  readonly identities: readonly AgeIdentity[];
}

interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * A kit as it was printed, also one that was copied by hand: with or without `#`, whatever the line ends, and with
 * another place of the backups written over the old one. What matters checks itself: the keys have check digits, the
 * secret half belongs to the public one, and the signing key to its id. Throws LS-BACKUP-009, which quotes no secret.
 */
export async function parseKit(text: string, file?: string): Promise<ReadKit> {
  const broken = (what: string, fix: string, line?: number) =>
    backupErrors.error('LS-BACKUP-009', {
      what,
      ...(file === undefined ? {} : { where: { file, ...(line === undefined ? {} : { line }) } }),
      fix,
    });
  const lines = linesOf(text);
  const { fields, recoveryKeys } = readFields(lines, broken);
  assertKit(fields, broken);
  const publicKey = publicKeyIn(fields);
  if (!publicKey)
    throw broken(
      'the signing key in the kit and its id do not belong together',
      'copy the lines `signing-key` and `signing-key-id` again: a character is missing or was mistyped',
    );
  const store = placeIn(fields);
  if (!store)
    throw broken(
      'the kit does not name one place of the backups',
      'write where they are into one line: `directory: /mnt/backup` or `s3-bucket: NAME`',
    );
  for (const { value, line } of recoveryKeys)
    parseRecipient(value, file === undefined ? { file: 'kit', line } : { file, line });
  const identities = await readIdentities(lines, file);
  const foreign = identities.find(({ recipient }) => !recoveryKeys.some(({ value }) => value === recipient));
  if (foreign)
    throw broken(
      'the secret key in the kit does not belong to its `recovery-key`',
      `the kit was put together from two; take both lines from the same one (this secret key belongs to ${foreign.recipient})`,
    );
  return {
    stack: fields.get('stack') ?? '',
    madeAt: fields.get('made') ?? '',
    version: fields.get('leitstand'),
    recoveryKeys: recoveryKeys.map(({ value }) => value),
    secretKey: identities[0]?.secret,
    publicKey,
    store,
    identities,
  };
}

type Broken = (what: string, fix: string, line?: number) => LeitstandError;

/** Without the `#` and the space around. */
function linesOf(text: string): Line[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line, i) => ({ number: i + 1, text: line.replace(/^[\s#]+/, '').trim() }));
}

function readFields(lines: readonly Line[], broken: Broken) {
  const fields = new Map<Field, string>();
  const recoveryKeys: { readonly value: string; readonly line: number }[] = [];
  for (const { number, text } of lines) {
    const [, name = '', value = ''] = /^([a-z0-9-]+):\s*(\S.*)$/.exec(text) ?? [];
    const field = FIELDS.find((one) => one === name);
    if (field === undefined) continue;
    if (field === REPEATED) recoveryKeys.push({ value, line: number });
    else if (fields.has(field))
      throw broken(
        `the kit says \`${field}\` twice`,
        'take out one of the two lines; two kits go into two files',
        number,
      );
    else fields.set(field, value);
  }
  return { fields, recoveryKeys };
}

function assertKit(fields: ReadonlyMap<Field, string>, broken: Broken): void {
  const version = fields.get('recovery-kit');
  if (version === undefined)
    throw broken(
      'this is no recovery kit',
      'give the text that `leitstand init` or `leitstand backup kit` printed, from its first line to its last',
    );
  if (version !== KIT_VERSION)
    throw broken(
      `the kit is of a form (${version.slice(0, 20)}) that this version does not know`,
      'use a newer Leitstand',
    );
  for (const field of ['stack', 'signing-key', 'signing-key-id'] as const)
    if (!fields.has(field))
      throw broken(`the kit lacks the line \`${field}\``, 'copy it again, from its first line to its last');
}

async function readIdentities(lines: readonly Line[], file: string | undefined) {
  // Written by hand it has gaps. Line by line, so that an error names the right one.
  const keys = lines
    .map(({ text }) => text.replaceAll(/\s/g, ''))
    .map((text) => (SECRET.test(text) ? text : ''));
  return keys.every((key) => key === '') ? [] : parseIdentities(keys.join('\n'), file);
}

/** Also one of which the beginning is missing: that is told. */
const SECRET = /SECRET-KEY-/i;

/** Whether a text is meant as a kit, as opposed to an identity file of age. */
export function isKit(text: string): boolean {
  return linesOf(text).some((line) => line.text.startsWith('recovery-kit:'));
}
