import type { YAMLError } from 'yaml';
import type { Finding } from './finding.ts';

type Text = Pick<Finding, 'what' | 'fix'>;

/** The parser's words for a bracket that is not closed. */
export const BRACKET = /must be .*end with a [\]}]|at the end of a .*collection/;

export const INDENTED_BELOW: Text = {
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
    what: 'a comma is missing, or an indented block stands inside of { } or [ ]',
    fix: 'separate entries by commas, or write the outer mapping or list without brackets, over several lines',
  },
  RESOURCE_EXHAUSTION: { what: 'the file is nested too deeply to be read', fix: undefined },
};

/** Our words for a mistake. Never the library's, which quote the file. */
export function describeSyntax(error: YAMLError): Text {
  const byMessage = MESSAGES.find(([pattern]) => pattern.test(error.message));
  return (
    byMessage?.[1] ??
    CODES[error.code] ?? {
      what: 'this is no valid YAML',
      fix: 'look for a missing or superfluous quote, bracket or colon here and just before',
    }
  );
}
