/** Alertmanager's matcher; an absent label has the value ''. */
export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
  /** Of `=~` and `!~`. */
  readonly pattern?: RegExp;
}

export type Labels = Readonly<Record<string, string>>;

/** A value that no configuration means. */
const OTHER = 'leitstand-test';

/** `severity="critical"`, also with a quoted name; undefined when it is not understood. */
export function parseMatcher(text: string): Matcher | undefined {
  const parts = /^\s*("(?:[^"\\]|\\.)*"|[^\s=!~"]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^"]*?)\s*$/su.exec(
    text,
  );
  const [, label, operator, value] = parts ?? [];
  if (label === undefined || operator === undefined || value === undefined) return undefined;
  return makeMatcher(unquote(label), operator as Matcher['operator'], unquote(value));
}

/** Undefined when its regular expression is none that JavaScript shares with Go. */
export function makeMatcher(
  label: string,
  operator: Matcher['operator'],
  value: string,
): Matcher | undefined {
  if (operator === '=' || operator === '!=') return { label, operator, value };
  const pattern = compile(value);
  return pattern && { label, operator, value, pattern };
}

function unquote(text: string): string {
  return text.startsWith('"')
    ? text.slice(1, -1).replaceAll(/\\(.)/gs, (_, c: string) => (c === 'n' ? '\n' : c))
    : text;
}

/** Go's (RE2) syntax, as far as it means the same here; Alertmanager anchors it on both sides. */
function compile(source: string): RegExp | undefined {
  const [, flags = '', rest = source] = /^\(\?([is]+)\)(.*)$/s.exec(source) ?? [];
  // (?P<name>, \A, \z, \Q, \C and [[:alpha:]] mean something else here, or nothing.
  if (/\(\?P|\\[AzQEC]|\[\[:/.test(rest)) return undefined;
  try {
    return new RegExp(`^(?:${rest})$`, `u${flags}`);
  } catch {
    return undefined;
  }
}

export function holds({ label, operator, value, pattern }: Matcher, labels: Labels): boolean {
  const own = labels[label] ?? '';
  if (operator === '=') return own === value;
  if (operator === '!=') return own !== value;
  return (pattern?.test(own) ?? false) === (operator === '=~');
}

/** Values for which the matcher holds, the plainest first; there may be others. */
export function valuesFor(matcher: Matcher): string[] {
  const guesses =
    matcher.operator === '='
      ? [matcher.value]
      : matcher.operator === '=~'
        ? examples(matcher.value)
        : ['', OTHER];
  return guesses.filter((guess) => holds(matcher, { [matcher.label]: guess }));
}

/** Values for which it does not hold. */
export function valuesAgainst(matcher: Matcher): string[] {
  const guesses = ['', OTHER, matcher.value, ...examples(matcher.value)];
  return [...new Set(guesses)].filter((guess) => !holds(matcher, { [matcher.label]: guess }));
}

/** Texts that the expression may match: alternatives spelled out, `.*` left out, `.+` filled in. */
function examples(source: string): string[] {
  const plain = source
    .replace(/^\(\?[is]+\)/, '')
    .replaceAll(/\.\*/g, '')
    .replaceAll(/\.\+/g, OTHER)
    .replaceAll(/\[(\^?)([^\]])[^\]]*\]|\\[wS]/g, (_, not: string, first: string) =>
      not === '' ? (first ?? 'x') : 'x',
    )
    .replaceAll(/(?<=[\w)])\+/g, '')
    .replaceAll(/\\d/g, '1')
    .replaceAll(/[\^$]/g, '');
  return [...spellOut(plain, 64).map((text) => text.replaceAll(/\\(.)/g, '$1')), OTHER, 'x', ''];
}

/** `a(b|c)` → `ab`, `ac`; at most `limit` of them. */
function spellOut(text: string, limit: number): string[] {
  const group = /^(.*?)\((?:\?:)?([^()]*)\)([?*+]?)(.*)$/s.exec(text);
  if (!group) return text.split('|').slice(0, limit);
  const [, before = '', inner = '', , after = ''] = group;
  // An alternative outside of a group splits the whole text.
  if (before.includes('|') || after.startsWith('|'))
    return [...spellOut(inner, limit), ...text.replaceAll(/[()]/g, '').split('|')];
  return inner
    .split('|')
    .flatMap((choice) => spellOut(before + choice + after, limit))
    .slice(0, limit);
}
