import { type Document, isScalar, parseAllDocuments, visit, type YAMLError } from 'yaml';
import type { Finding } from './finding.ts';
import { BRACKET, describeSyntax, INDENTED_BELOW } from './yaml-messages.ts';
import type { SourceText, Span } from './source-text.ts';

export type YamlText =
  | { readonly state: 'sound'; readonly document: Document.Parsed }
  | { readonly state: 'empty' }
  | { readonly state: 'damaged'; readonly contents: unknown; readonly findings: readonly Finding[] };

/**
 * Takes the text apart. The library's own messages are never passed on: they quote the file, and with it what may be
 * a secret.
 */
export function parseYamlText(source: SourceText): YamlText {
  let documents: Document.Parsed[];
  try {
    const options = {
      version: '1.2',
      stringKeys: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    } as const;
    documents = [...parseAllDocuments(source.text, options)];
  } catch (error) {
    // The parser recurses: a file of a hundred thousand brackets exhausts the stack.
    if (!(error instanceof RangeError)) throw error;
    const span = { start: 0, end: 0 };
    return damaged(null, [{ code: 'LS-CONFIG-003', what: 'the file is nested too deeply to be read', span }]);
  }
  const [document, second] = documents;
  if (document === undefined) return { state: 'empty' };
  const errors = documents.flatMap((each) => [...each.errors, ...each.warnings]);
  if (errors.length > 0 || second !== undefined) {
    const findings = syntaxFindings(errors, document, source);
    if (second !== undefined) findings.push(secondDocument(second));
    return damaged(document.contents, findings);
  }
  return isNothing(document.contents) ? { state: 'empty' } : { state: 'sound', document };
}

function isNothing(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function damaged(contents: unknown, findings: readonly Finding[]): YamlText {
  return { state: 'damaged', contents, findings };
}

function secondDocument(document: Document.Parsed): Finding {
  const start = document.range[0];
  return {
    code: 'LS-CONFIG-003',
    what: 'a second YAML document starts here; the file must hold one',
    fix: 'delete the line --- (or ...) and put everything under the same keys',
    span: { start, end: start },
  };
}

/** One for each line, since what follows on it is mostly the first one's echo; and no more than anybody reads. */
function syntaxFindings(
  errors: readonly YAMLError[],
  document: Document.Parsed,
  source: SourceText,
): Finding[] {
  const byLine = new Map<number, YAMLError>();
  for (const error of [...errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const { line } = source.position(error.pos[0]);
    if (!byLine.has(line)) byLine.set(line, error);
  }
  const openings = openingsOf(document);
  const first = [...byLine.values()].slice(0, MOST_FINDINGS);
  const findings = first.map((error) => syntaxFinding(error, openings, source));
  const next = [...byLine.values()][MOST_FINDINGS];
  if (next) {
    const what = `from here on, ${byLine.size - MOST_FINDINGS} more lines are no valid YAML`;
    findings.push({ code: 'LS-CONFIG-003', what, span: { start: next.pos[0], end: next.pos[1] } });
  }
  return findings;
}

const MOST_FINDINGS = 50;

function syntaxFinding(error: YAMLError, openings: Openings, source: SourceText): Finding {
  const [start, end] = error.pos;
  const isReference = source.text.slice(Math.max(0, start - 1), start + 1) === '${';
  if (isReference && error.message.startsWith('Unexpected flow-map-start'))
    return {
      code: 'LS-CONFIG-003',
      what: 'a reference needs quotes inside of { } or [ ]',
      fix: "write '${env:NAME}' with the quotes",
      span: { start: start - 1, end: start + 1 },
    };
  const opening = openingOf(error, openings);
  const span = opening === undefined ? { start, end } : { start: opening, end: opening + 1 };
  const isAboveOthers =
    error.code === 'BLOCK_AS_IMPLICIT_KEY' && !/:(\s|$)/.test(restOfLine(source.text, start));
  return { code: 'LS-CONFIG-003', ...(isAboveOthers ? INDENTED_BELOW : describeSyntax(error)), span };
}

function restOfLine(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? undefined : end);
}

/** Where quotes and brackets were opened, outer ones first. */
interface Openings {
  readonly quotes: readonly Span[];
  readonly brackets: readonly Span[];
}

function openingsOf(document: Document.Parsed): Openings {
  const quotes: Span[] = [];
  const brackets: Span[] = [];
  visit(document, {
    Scalar: (_, { range, type }) => {
      if (range && type?.startsWith('QUOTE')) quotes.push({ start: range[0], end: range[1] });
    },
    Collection: (_, { range, flow }) => {
      if (range && flow) brackets.push({ start: range[0], end: range[1] });
    },
  });
  return { quotes, brackets };
}

/** The parser misses a quote or bracket at the end of the file; the place to look at is where it was opened. */
function openingOf(error: YAMLError, { quotes, brackets }: Openings): number | undefined {
  const [offset] = error.pos;
  if (error.message.startsWith('Missing closing'))
    return quotes.findLast(({ start }) => start <= offset)?.start;
  if (!BRACKET.test(error.message)) return undefined;
  return brackets.find(({ start, end }) => start <= offset && end >= offset)?.start;
}
