import { fullMatch, isExpression } from './expression.ts';

/** Alertmanager's matcher; an absent label has the value ''. */
export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
  /** Its value in the key of a group, where that is another: that of `match_re` is anchored there. */
  readonly keyValue?: string;
}

export type Labels = Readonly<Record<string, string>>;

/** `true` and `false` are certain; undefined: it depends on what is not known. */
export type Certainty = boolean | undefined;

/**
 * One entry of `matchers`: `severity="critical"`, `{a="b", c=~"d"}`. Undefined when Alertmanager would refuse it. Its
 * older parser has the first word, the one for names in UTF-8 (0.27) the second (matcher/compat/parse.go).
 */
export function parseMatchers(text: string): Matcher[] | undefined {
  const matchers = parseClassic(text) ?? parseUtf8(text);
  return matchers?.every(isValid) ? matchers : undefined;
}

function isValid({ operator, value }: Matcher): boolean {
  return operator === '=' || operator === '!=' || isExpression(value);
}

/** pkg/labels/parse.go, `ParseMatchers`. */
function parseClassic(text: string): Matcher[] | undefined {
  const tokens: string[] = [];
  let token = '';
  let isQuoted = false;
  let isEscaped = false;
  for (const char of text.replace(/^\{/, '').replace(/\}$/, '')) {
    if (char === ',' && !isQuoted) {
      tokens.push(token);
      token = '';
      continue;
    }
    if (char === '"' && !isEscaped) isQuoted = !isQuoted;
    isEscaped = char === '\\' && !isEscaped;
    token += char;
  }
  if (token.trim() !== '') tokens.push(token);
  const matchers = tokens.map(parseClassicMatcher);
  return matchers.includes(undefined) ? undefined : matchers.filter((one) => one !== undefined);
}

function parseClassicMatcher(text: string): Matcher | undefined {
  const parts = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)(.*)$/s.exec(text);
  const [, label, operator, rest] = parts ?? [];
  if (label === undefined || operator === undefined || rest === undefined) return undefined;
  const value = unescapeClassic(rest.trim());
  return value === undefined ? undefined : { label, operator: operator as Matcher['operator'], value };
}

/** `\"`, `\n` and `\\`; any other backslash stands for itself. Quotes stand around the value or not at all. */
function unescapeClassic(raw: string): string | undefined {
  const isOpened = raw.startsWith('"');
  const text = isOpened ? raw.slice(1) : raw;
  let value = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '"') return isOpened && i === text.length - 1 ? value : undefined;
    const next = text.charAt(i + 1);
    const escaped = char === '\\' ? { n: '\n', '"': '"', '\\': '\\' }[next] : undefined;
    if (escaped !== undefined) i += 1;
    value += escaped ?? char;
  }
  return isOpened ? undefined : value;
}

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const WORD = String.raw`[^\s{}!=~,\\"'\x60]+`;
const ONE_MATCHER = new RegExp(
  String.raw`\s*(${QUOTED}|${WORD})\s*(=~|!~|!=|=)\s*(${QUOTED}|${WORD})\s*(,|$)`,
  'suy',
);

/** matcher/parse/parse.go. */
function parseUtf8(text: string): Matcher[] | undefined {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1] ?? text;
  const matchers: Matcher[] = [];
  ONE_MATCHER.lastIndex = 0;
  while (inner.slice(ONE_MATCHER.lastIndex).trim() !== '') {
    const [, name = '', operator = '', raw = ''] = ONE_MATCHER.exec(inner) ?? [];
    const [label, value] = [unquote(name), unquote(raw)];
    if (operator === '' || label === undefined || value === undefined) return undefined;
    matchers.push({ label, operator: operator as Matcher['operator'], value });
  }
  return matchers;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '"': '"',
  '\\': '\\',
};

/** Go's strconv.Unquote, for text in double quotes. */
function unquote(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  let isWrong = text.includes('\n');
  const value = text
    .slice(1, -1)
    .replaceAll(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs, (_, short, long, char: string) => {
      const code: unknown = short ?? long;
      if (typeof code === 'string') {
        const point = Number.parseInt(code, 16);
        isWrong ||= point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff);
        return isWrong ? '' : String.fromCodePoint(point);
      }
      isWrong ||= ESCAPES[char] === undefined;
      return ESCAPES[char] ?? '';
    });
  return isWrong ? undefined : value;
}

/** The matcher on a label's value; '' is an absent label, undefined one that is not known. */
export function matches({ operator, value: wanted }: Matcher, value: string | undefined): Certainty {
  if (value === undefined) return operator === '=~' && wanted === '.*' ? true : undefined;
  switch (operator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '=~':
      return fullMatch(wanted, value);
    case '!~': {
      const found = fullMatch(wanted, value);
      return found === undefined ? undefined : !found;
    }
  }
}

export function allMatch(
  matchers: readonly Matcher[],
  valueOf: (label: string) => string | undefined,
): Certainty {
  let certainty: Certainty = true;
  for (const matcher of matchers) {
    const one = matches(matcher, valueOf(matcher.label));
    if (one === false) return false;
    if (one === undefined) certainty = undefined;
  }
  return certainty;
}

/** Of an alert whose labels are known. */
export function holds(matcher: Matcher, labels: Labels): boolean {
  return matches(matcher, labels[matcher.label] ?? '') === true;
}

/** As both of Alertmanager's parsers read it alike: only `\`, `"` and line feeds are escaped (OpenMetrics). */
export function matcherText({ label, operator, value }: Matcher): string {
  const escaped = value.replaceAll(/[\\"\n]/g, (char) => (char === '\n' ? String.raw`\n` : `\\${char}`));
  return `${label}${operator}"${escaped}"`;
}

/** The literal text as an expression of Go. */
export function escapeExpression(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
