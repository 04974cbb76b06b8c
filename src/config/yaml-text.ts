import { type Document, isScalar, parseAllDocuments, visit, type YAMLError } from 'yaml';
import type { Finding } from './finding.ts';
import type { SourceText } from './source-text.ts';

type Text = Pick<Finding, 'what' | 'fix'>;

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
  const findings = documents.flatMap((each) =>
    [...each.errors, ...each.warnings].map((error) => syntaxFinding(error, document, source)),
  );
  if (second !== undefined) findings.push(secondDocument(second));
  if (findings.length > 0) return damaged(document.contents, firstOfEachLine(findings, source));
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

/** What follows on the same line is mostly the first mistake's echo. */
function firstOfEachLine(findings: readonly Finding[], source: SourceText): readonly Finding[] {
  const byLine = new Map<number, Finding>();
  for (const finding of [...findings].sort((a, b) => a.span.start - b.span.start)) {
    const { line } = source.position(finding.span.start);
    if (!byLine.has(line)) byLine.set(line, finding);
  }
  return [...byLine.values()];
}

function syntaxFinding(error: YAMLError, document: Document.Parsed, source: SourceText): Finding {
  const [start, end] = error.pos;
  const isReference = source.text.slice(Math.max(0, start - 1), start + 1) === '${';
  if (isReference && error.message.startsWith('Unexpected flow-map-start'))
    return {
      code: 'LS-CONFIG-003',
      what: 'a reference needs quotes inside of { } or [ ]',
      fix: "write '$\{env:NAME}' with the quotes",
      span: { start: start - 1, end: start + 1 },
    };
  const opening = openingOf(error, document);
  const span = opening === undefined ? { start, end } : { start: opening, end: opening + 1 };
  const isAboveOthers =
    error.code === 'BLOCK_AS_IMPLICIT_KEY' && !/:(\s|$)/.test(restOfLine(source.text, start));
  return { code: 'LS-CONFIG-003', ...(isAboveOthers ? INDENTED_BELOW : describe(error)), span };
}

function restOfLine(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? undefined : end);
}

/** The parser misses a quote or bracket at the end of the file; the place to look at is where it was opened. */
function openingOf(error: YAMLError, document: Document.Parsed): number | undefined {
  const [offset] = error.pos;
  const isQuote = error.message.startsWith('Missing closing');
  if (!isQuote && !BRACKET.test(error.message)) return undefined;
  let start: number | undefined;
  visit(document, {
    Scalar: (_, node) => {
      if (isQuote && node.range && node.type?.startsWith('QUOTE') && node.range[0] <= offset)
        start = node.range[0];
    },
    Collection: (_, node) => {
      const isOpen =
        !isQuote && node.flow && node.range && node.range[0] <= offset && node.range[1] >= offset;
      if (isOpen) start ??= node.range?.[0];
    },
  });
  return start;
}

const BRACKET = /must be .*end with a [\]}]|at the end of a .*collection/;

const INDENTED_BELOW: Text = {
  what: 'the line below is indented further than this `key: value`',
  fix: 'let the keys of one mapping start in the same column',
};

const MESSAGES: readonly (readonly [RegExp, Text])[] = [
  [/^Missing closing "/, { what: 'the text that starts here has no closing "', fix: 'add the " at its end' }],
  [/^Missing closing '/, { what: "the text that starts here has no closing '", fix: "add the ' at its end" }],
  [
    /^Missing , /,
    {
      what: 'a comma is missing between two entries',
      fix: 'entries inside of { } or [ ] are separated by commas',
    },
  ],
  [
    /^Missing space after :/,
    { what: 'a space is missing after the colon', fix: 'write `key: value` with a space' },
  ],
  [
    /^Comments must be separated/,
    {
      what: 'a # that starts a comment needs a space before it',
      fix: 'add the space, or put the text into quotes',
    },
  ],
  [
    BRACKET,
    {
      what: 'a closing bracket is missing, or stands too far left',
      fix: 'close what { or [ opened, indented more than its key',
    },
  ],
  [
    /^Sequence item without - indicator/,
    { what: 'a list entry without its hyphen', fix: 'start each entry with `- `' },
  ],
];

const CODES: Partial<Record<YAMLError['code'], Text>> = {
  TAB_AS_INDENT: {
    what: 'a tab indents this line; YAML takes only spaces',
    fix: 'replace the tab by spaces',
  },
  BAD_INDENT: {
    what: 'the indentation of this line fits nothing above it',
    fix: 'let the keys of one mapping, and the hyphens of one list, start in the same column',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    what: 'a second `key: value` on the same line',
    fix: 'put it on its own line, or the value into quotes if the colon belongs to it',
  },
  MULTILINE_IMPLICIT_KEY: {
    what: 'this line is no `key: value`',
    fix: 'add the colon and the space after it, or indent the line if it belongs to the value above',
  },
  MISSING_CHAR: {
    what: 'this line is no `key: value`',
    fix: 'add the colon and the space after it, or indent the line if it belongs to the value above',
  },
  BAD_SCALAR_START: {
    what: 'text cannot start with this character',
    fix: 'put the text into quotes',
  },
  BAD_DQ_ESCAPE: {
    what: 'an escape with \\ that double quotes do not know',
    fix: 'use single quotes, or \\\\ for a backslash',
  },
  BAD_ALIAS: {
    what: 'an alias (*) or anchor (&) without a proper name',
    fix: 'put the text into quotes if none is meant',
  },
  BAD_DIRECTIVE: {
    what: 'a line that starts with % is a YAML directive, and this one is unknown',
    fix: 'delete the line',
  },
  NON_STRING_KEY: { what: 'a key must be plain text', fix: 'write it as `key: value`' },
  TAG_RESOLVE_FAILED: {
    what: 'a YAML tag (!) that is not used here',
    fix: 'delete the tag, or put the text into quotes if it starts with !',
  },
  BLOCK_IN_FLOW: {
    what: 'an indented block inside of { } or [ ]',
    fix: 'write the outer mapping or list without brackets, over several lines',
  },
  RESOURCE_EXHAUSTION: { what: 'the file is nested too deeply to be read', fix: undefined },
};

function describe(error: YAMLError): Text {
  const byMessage = MESSAGES.find(([pattern]) => pattern.test(error.message));
  return (
    byMessage?.[1] ??
    CODES[error.code] ?? {
      what: 'this is no valid YAML',
      fix: 'look for a missing or superfluous quote, bracket or colon here and just before',
    }
  );
}
