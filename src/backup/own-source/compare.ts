import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { examineHistory, readHistoryFacts, readProofHead } from '../../history/examine.ts';
import type { Json } from '../../platform/canonical-json.ts';
import { LeitstandError, LeitstandErrors, systemErrorCode } from '../../platform/errors.ts';
import { plural } from '../../platform/units.ts';
import { comparison, NOT_SEALED, reasonOf } from '../../stack/comparison.ts';
import type { Comparison, FileCompareContext } from '../../stack/source.ts';
import { DATABASE } from './capture.ts';
import { CONFIGURATION, ConfigurationFacts, FileFacts, FILES, HISTORY, HistoryFacts } from './facts.ts';
import type { OwnSourceOptions } from './options.ts';

/** A variable or a secret that is not set here says nothing about the backup. */
const NOT_SET = new Set(['LS-CONFIG-012', 'LS-CONFIG-013']);

interface Asked {
  readonly options: OwnSourceOptions;
  /** Absolute path of a restored file. */
  readonly place: (path: string) => string;
}

type Ask = (asked: Asked, sealed: Json) => Promise<Comparison[]>;

const QUESTIONS: Readonly<Record<string, Ask>> = {
  [FILES]: ({ place }, sealed) => compareHashes(place, FileFacts.parse(sealed)),
  [HISTORY]: ({ place }, sealed) => compareHistory(place(DATABASE), HistoryFacts.parse(sealed)),
  [CONFIGURATION]: (asked, sealed) => compareConfiguration(asked, ConfigurationFacts.parse(sealed)),
};

export async function compareFiles(
  options: OwnSourceOptions,
  restorePath: (path: string) => string,
  context: FileCompareContext,
): Promise<Comparison[]> {
  const asked: Asked = { options, place: (path) => join(context.dataDir, restorePath(path)) };
  const found: Comparison[] = [];
  for (const [kind, ask] of Object.entries(QUESTIONS)) {
    context.signal?.throwIfAborted();
    context.onProgress?.(`comparing ${kind}`);
    const sealed = context.expectations.find((one) => one.kind === kind);
    try {
      found.push(
        ...(sealed ? await ask(asked, sealed.value) : [comparison(kind, 'all', 'unknown', NOT_SEALED)]),
      );
    } catch (error) {
      found.push(failed(kind, sealed?.subject ?? 'all', error));
    }
  }
  const others = context.expectations.filter(({ kind }) => !(kind in QUESTIONS));
  return [...found, ...others.map(({ kind, subject }) => comparison(kind, subject, 'unknown', NOT_KNOWN))];
}

const NOT_KNOWN = 'this version of Leitstand does not know how to ask it';

async function compareHashes(place: (path: string) => string, facts: FileFacts): Promise<Comparison[]> {
  const differences: Comparison[] = [];
  for (const [path, expected] of Object.entries(facts)) {
    const found = await hashOf(place(path));
    if (found !== expected) differences.push(comparison(FILES, path, 'mismatch', found, expected));
  }
  const text = plural(Object.keys(facts).length, 'file');
  return differences.length > 0 ? differences : [comparison(FILES, 'all', 'match', text, text)];
}

async function hashOf(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
    throw error;
  }
}

async function compareHistory(file: string, facts: HistoryFacts): Promise<Comparison[]> {
  const { integrity, chain } = examineHistory(file);
  const { rows } = readHistoryFacts(file);
  const head = facts.head && readProofHead(file, facts.head.id);
  const counted = (all: Readonly<Record<string, number>>) =>
    Object.keys(facts.rows)
      .map((table) => `${all[table] ?? 'no'} ${table}`)
      .join(', ');
  const isWhole = chain.ok && head?.hash === facts.head?.hash;
  return [
    check('integrity', integrity === 'ok', integrity, 'ok'),
    check('rows', counted(rows) === counted(facts.rows), counted(rows), counted(facts.rows)),
    check(
      'chain of proofs',
      isWhole,
      chain.ok
        ? (head?.hash ?? (facts.head ? 'no such proof' : 'no proof yet'))
        : `broken at proof ${chain.brokenAt}`,
      facts.head?.hash ?? 'no proof yet',
    ),
  ];
}

async function compareConfiguration(
  { options, place }: Asked,
  { file, stack, secrets }: ConfigurationFacts,
): Promise<Comparison[]> {
  const found = await options.readStack(place(file), secrets);
  return [
    comparison(
      CONFIGURATION,
      'stack',
      found === stack ? 'match' : 'mismatch',
      `loads as ${found}`,
      `loads as ${stack}`,
    ),
  ];
}

function check(subject: string, holds: boolean, found: string, expected: string): Comparison {
  return comparison(HISTORY, subject, holds ? 'match' : 'mismatch', found, expected);
}

/** What a restored file makes fail is a mismatch; what this machine lacks is not. */
function failed(kind: string, subject: string, error: unknown): Comparison {
  if (error instanceof LeitstandErrors)
    return comparison(
      kind,
      subject,
      error.errors.every(({ code }) => NOT_SET.has(code)) ? 'unknown' : 'mismatch',
      error.errors.map(({ message }) => message).join('; '),
    );
  const isRefuted = error instanceof LeitstandError && error.code.startsWith('LS-HISTORY');
  return comparison(kind, subject, isRefuted ? 'mismatch' : 'unknown', reasonOf(error));
}
