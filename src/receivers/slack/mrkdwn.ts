import type { Span } from '../../stack/card.ts';

/** Stand for pieces that are read already; what comes with them is replaced. */
const [OPEN, CLOSE] = ['\uE000', '\uE001'];
const ANGLES = /<([^<>\n]*)>/g;
const CODE = /```\n?([\s\S]*?)\n?```|`([^`\n]+)`/g;
const STYLED = /(?<![\p{L}\p{N}])([*_~])(?=\S)((?:(?!\1)[^\n])*?)(?<=\S)\1(?![\p{L}\p{N}])/u;
/** A stand-in, or a bare link. */
const ATOM = /\uE000(\d+)\uE001|\bhttps?:\/\/[^\s|\uE000]*[^\s|.,;:!?)\]'"\uE000]/g;
const MARKS = { '*': { bold: true }, _: { italic: true }, '~': { strike: true } } as const;

/**
 * A text as Slack shows it: docs.slack.dev, "Formatting message text". Links, mentions and `&lt;` count everywhere;
 * `*bold*`, `_italic_`, `~struck~`, code and quotes only where the message wants mrkdwn.
 */
export function readMrkdwn(text: string, { isStyled }: { readonly isStyled: boolean }): Span[] {
  const atoms: Span[] = [];
  const keep = (span: Span) => `${OPEN}${atoms.push(span) - 1}${CLOSE}`;
  let rest = text.replaceAll(/[\uE000\uE001]/g, '\uFFFD');
  if (isStyled)
    rest = rest.replaceAll(CODE, (_, block?: string, word?: string) =>
      keep({ text: decoded(block ?? word ?? ''), code: true }),
    );
  rest = rest.replaceAll(ANGLES, (whole, inner: string) => {
    const atom = atomOf(inner);
    return atom ? keep(atom) : whole;
  });
  if (!isStyled) return linked(rest, {}, atoms);
  return linesWithQuotes(rest).flatMap(({ line, isQuote }) =>
    styled(line, isQuote ? { quote: true } : {}, atoms),
  );
}

type Marks = Omit<Span, 'text'>;

function linesWithQuotes(text: string): { readonly line: string; readonly isQuote: boolean }[] {
  return text.split(/(?<=\n)/).map((line) => {
    const quoted = /^(?:>|&gt;) ?/.exec(line)?.[0];
    return { line: line.slice(quoted?.length ?? 0), isQuote: quoted !== undefined };
  });
}

function styled(text: string, marks: Marks, atoms: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let rest = text;
  for (;;) {
    const found = STYLED.exec(rest);
    if (!found) return [...spans, ...linked(rest, marks, atoms)];
    const [whole, mark = '*', inner = ''] = found;
    spans.push(...linked(rest.slice(0, found.index), marks, atoms));
    spans.push(...styled(inner, { ...marks, ...MARKS[mark as keyof typeof MARKS] }, atoms));
    rest = rest.slice(found.index + whole.length);
  }
}

/** Stand-ins become their pieces again, and addresses in the text become links. */
function linked(text: string, marks: Marks, atoms: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const { 0: whole, 1: number, index } of text.matchAll(ATOM)) {
    if (index > at) spans.push({ text: decoded(text.slice(at, index)), ...marks });
    const atom = number === undefined ? undefined : atoms[Number(number)];
    spans.push(atom ? { ...marks, ...atom } : { ...marks, text: decoded(whole), address: decoded(whole) });
    at = index + whole.length;
  }
  if (at < text.length) spans.push({ text: decoded(text.slice(at)), ...marks });
  return spans;
}

/** What stands between `<` and `>`; undefined when it is nothing that Slack knows. */
function atomOf(inner: string): Span | undefined {
  const [target = '', ...labels] = inner.split('|');
  const label = labels.length === 0 ? undefined : decoded(labels.join('|'));
  if (/^!(?:channel|here|everyone)$/.test(target)) return { text: `@${target.slice(1)}`, calls: true };
  if (target.startsWith('!subteam^') || /^@[UW]/.test(target))
    return { text: label ?? `@${target.replace(/^(?:!subteam\^|@)/, '')}`, calls: true };
  if (target.startsWith('!date^')) return { text: label ?? '' };
  if (target.startsWith('#C')) return { text: `#${label ?? target.slice(1)}` };
  if (/^(?:[a-z][a-z0-9+.-]*:\/\/|mailto:|tel:)/i.test(target))
    return { text: label ?? decoded(target), address: decoded(target) };
  return undefined;
}

export function decoded(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
