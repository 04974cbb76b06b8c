import { holds, type Matcher } from '../../routing/matcher.ts';

/** A value that no configuration means. */
const OTHER = 'leitstand-test';

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
  const literals = literalAlternatives(source);
  if (literals) return literals;
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

/** The texts of `a|b\.c`, where it is nothing but these: what Leitstand itself renders for several values. */
function literalAlternatives(source: string): string[] | undefined {
  if (!/^(?:[^.*+?^${}()[\]\\]|\\[.*+?^${}()|[\]\\])+$/su.test(source)) return undefined;
  const texts = [''];
  for (const [token] of source.matchAll(/\\.|[^\\]/gsu)) {
    if (token === '|') texts.push('');
    else texts.push(`${texts.pop() ?? ''}${token.replace('\\', '')}`);
  }
  return texts;
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
