import type { SilenceFact } from './facts.ts';

type Matcher = SilenceFact['matchers'][number];

/**
 * Labels that the silence must mute; undefined where none is found (an involved regular expression, or one that
 * contradicts another). `usual` are the labels of the alert where the silence allows them.
 */
export function matchingLabels(
  { matchers }: Pick<SilenceFact, 'matchers'>,
  usual: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const labels = new Map(Object.entries(usual));
  for (const name of new Set(matchers.map((matcher) => matcher.name))) {
    const own = matchers.filter((matcher) => matcher.name === name);
    const value = [usual[name] ?? '', ...own.flatMap(candidates)].find((candidate) =>
      own.every((one) => accepts(one, candidate)),
    );
    if (value === undefined) return undefined;
    if (value === '') labels.delete(name);
    else labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

/** What may please a matcher: its value, the plain words of its expression, and something else. */
function candidates({ value, isRegex }: Matcher): string[] {
  const words = isRegex ? value.split(/[|()?*+.^$[\]{}\\]+/).filter((word) => word !== '') : [value];
  return [...words, words.join(''), words.join('x'), 'leitstand'];
}

/** An absent label counts as empty; Alertmanager anchors expressions at both ends. */
function accepts({ value, isRegex, isEqual }: Matcher, candidate: string): boolean {
  if (!isRegex) return (candidate === value) === isEqual;
  try {
    return new RegExp(`^(?:${value})$`, 's').test(candidate) === isEqual;
  } catch {
    // Go's syntax, and not JavaScript's.
    return false;
  }
}
