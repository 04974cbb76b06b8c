import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { copyHistory, readHistoryFacts, readProofHead } from '../../history/examine.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import { type OriginalFile, readOriginal, writeCopy, writeFileAtomic } from '../../platform/files.ts';
import type { Capture, CaptureEntry, Expectation, FileCaptureContext } from '../../stack/source.ts';
import { backupErrors } from '../errors.ts';
import {
  CONFIGURATION,
  type ConfigurationFacts,
  type FileFacts,
  FILES,
  HISTORY,
  type HistoryFacts,
} from './facts.ts';
import type { OwnSourceOptions } from './options.ts';
import { type OutsideValue, outsideValues } from './secret-names.ts';

export const DATABASE = 'state/leitstand.db';
const PUBLIC_KEY = 'keys/signing.pub.pem';
/** In encrypted snapshots alone: another machine goes on with the same repository. */
const PRIVATE_KEY = 'keys/signing.pem';
const SECRET_NAMES = 'config/secrets.json';

interface Wanted {
  readonly path: string;
  readonly file: string;
}

interface Copied {
  readonly entries: CaptureEntry[];
  readonly hashes: Record<string, string>;
  readonly loss: string[];
}

/** Copies of the stack's own files, each of one moment, and of leitstand.db by SQLite's online backup. */
export async function capture(options: OwnSourceOptions, context: FileCaptureContext): Promise<Capture> {
  const { stack } = options;
  const configuration = await readConfiguration(options);
  const outside = await outsideValues(configuration.bytes.toString('utf8'), dirname(stack.file), options.env);
  const copied: Copied = { entries: [], hashes: {}, loss: [] };
  const configPath = `config/${basename(stack.file)}`;
  await addCopy(copied, context.scratchDir, configPath, configuration);
  for (const { path, file } of wantedFiles(options)) {
    const original = await readFileOf(file);
    if (original) await addCopy(copied, context.scratchDir, path, original);
    else if (stack.rules.files.includes(file))
      copied.loss.push(`the rule file ${file} is not there, although ${basename(stack.file)} names it`);
  }
  await addText(copied, context.scratchDir, SECRET_NAMES, `${JSON.stringify(outside, undefined, 2)}\n`);
  const history = await copyDatabase(options, context.scratchDir);
  const cutoff = context.clock.now().toISOString();
  return {
    cutoff,
    entries: [...copied.entries, { path: DATABASE, file: history.copy, class: 'mutable' }],
    expectations: expectationsOf(copied.hashes, history.facts, {
      file: configPath,
      stack: stack.name,
      secrets: outside.filter(({ kind }) => kind === 'secret').map(({ name }) => name),
      environment: stack.environment,
      stateDir: placeOfState(stack),
      attached: stack.components.filter(({ attached }) => attached !== undefined).map(({ name }) => name),
    }),
    knownLoss: [...copied.loss, ...lossOf(options, outside)],
    writer: { program: 'leitstand', version: options.version },
    // The copies lie in the scratch directory, which is not ours to remove.
    release: async () => undefined,
  };
}

async function readConfiguration({
  stack,
  isEncrypted,
  linesWithSecrets,
}: OwnSourceOptions): Promise<OriginalFile> {
  const original = await readFileOf(stack.file);
  if (!original) throw unreadable(stack.file, 'it is not there any more');
  if (isEncrypted) return original;
  const [line, ...more] = linesWithSecrets(original.bytes.toString('utf8'));
  if (line === undefined) return original;
  throw backupErrors.error('LS-BACKUP-004', {
    what: `${basename(stack.file)} has a secret written into it, so that it is not stored`,
    why: `whoever can read the repository would have it${more.length === 0 ? '' : `; ${more.length} more lines have one as well`}`,
    where: { file: stack.file, line },
    fix: `put the value into secrets/NAME beside the file (chmod 600), and \${secret:NAME} in its place; a scrape job names the file instead: password_file, credentials_file`,
  });
}

function wantedFiles({ stack, isEncrypted, lockFile }: OwnSourceOptions): Wanted[] {
  const keys = isEncrypted ? [PUBLIC_KEY, PRIVATE_KEY] : [PUBLIC_KEY];
  return [
    { path: `config/${basename(lockFile)}`, file: lockFile },
    ...keys.map((key) => ({ path: `state/${key}`, file: join(stack.stateDir, key) })),
    ...stack.rules.files.map((file, i) => ({ path: `config/${placeOf(file, stack.file, i)}`, file })),
  ];
}

function placeOfState({ file, stateDir }: OwnSourceOptions['stack']): string {
  const near = relative(dirname(file), stateDir);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? stateDir : near;
}

/** Below the configuration's directory where it is there, else in a place of its own. */
function placeOf(file: string, configuration: string, i: number): string {
  const near = relative(dirname(configuration), file);
  return near.startsWith('..') || isAbsolute(near) ? `outside/${i}/${basename(file)}` : near;
}

async function addCopy(copied: Copied, scratchDir: string, path: string, original: OriginalFile) {
  if (path in copied.hashes) return;
  const file = join(scratchDir, String(copied.entries.length));
  await writeCopy(file, original);
  copied.entries.push({ path, file, class: 'mutable' });
  copied.hashes[path] = sha256(original.bytes);
}

async function addText(copied: Copied, scratchDir: string, path: string, text: string) {
  const file = join(scratchDir, String(copied.entries.length));
  await writeFileAtomic(file, text, { mode: 0o600 });
  copied.entries.push({ path, file, class: 'mutable' });
  copied.hashes[path] = sha256(await readFile(file));
}

async function copyDatabase({ stack }: OwnSourceOptions, scratchDir: string) {
  const [live, copy] = [join(stack.stateDir, 'leitstand.db'), join(scratchDir, 'leitstand.db')];
  // Of the live file, and before the copy: the copy must hold at least this.
  const head = readProofHead(live);
  await copyHistory(live, copy);
  const { schema, rows } = readHistoryFacts(copy);
  const facts: HistoryFacts = {
    schema,
    rows: { ...rows },
    head: head ? { id: head.id, hash: head.hash } : null,
  };
  return { copy, facts };
}

function expectationsOf(
  files: FileFacts,
  history: HistoryFacts,
  configuration: { readonly [Fact in keyof ConfigurationFacts]-?: NonNullable<ConfigurationFacts[Fact]> },
): Expectation[] {
  return [
    { kind: FILES, subject: 'all', value: files },
    { kind: HISTORY, subject: 'leitstand.db', value: history },
    { kind: CONFIGURATION, subject: 'stack', value: configuration },
  ];
}

function lossOf({ stack, isEncrypted }: OwnSourceOptions, outside: readonly OutsideValue[]): string[] {
  const names = outside.map(({ name }) => name);
  const far = stack.rules.files.filter((file, i) => placeOf(file, stack.file, i).startsWith('outside/'));
  return [
    ...(names.length === 0
      ? []
      : [
          `the values of ${names.join(', ')} are not in the backup: keep them in your password safe (secrets.json of the ` +
            'backup says where each belongs)',
        ]),
    ...(isEncrypted
      ? []
      : [
          'the private signing key keys/signing.pem is not in the backup, since it is not encrypted and its readers could sign with it: keep a copy elsewhere',
        ]),
    ...far.map(
      (file) =>
        `the rule file ${file} is restored below outside/, since it lies beside no ${basename(stack.file)}`,
    ),
  ];
}

async function readFileOf(path: string): Promise<OriginalFile | undefined> {
  // A link is followed here: where a configuration is managed elsewhere, it is often one.
  return readOriginal(path, { followLinks: true }).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  });
}

function unreadable(file: string, why: string, cause?: unknown) {
  return backupErrors.error('LS-BACKUP-005', {
    what: `${file} cannot be read`,
    why,
    where: { file },
    fix: 'back up as the user who runs Leitstand',
    cause,
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
