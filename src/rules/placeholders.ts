/** A name → its number. */
export type Values = Readonly<Record<string, number>>;

/** Two angle brackets occur in no PromQL and in no template of Prometheus. */
const PLACEHOLDER = /<<([^<>]*)>>/g;

/**
 * Replaces each `<<expression>>` by its number. Expressions know the names in `values`, `+ - * / ( )` and
 * `ceil floor max min`. Throws a TypeError for what it does not know: shipped files are ours.
 */
export function fillPlaceholders(text: string, values: Values): string {
  const filled = text.replaceAll(PLACEHOLDER, (_, expression: string) =>
    numberText(evaluate(expression, values)),
  );
  if (/<<|>>/.test(filled)) throw new TypeError(`a placeholder that is not closed, or opened twice: ${text}`);
  return filled;
}

export function placeholderNames(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, expression = '']) =>
    [...expression.matchAll(/[a-z_][a-z0-9_]*/g)]
      .map(([name]) => name)
      .filter((name) => !(name in FUNCTIONS)),
  );
}

/** In decimals that PromQL, durations and series of promtool all take: no exponent, no noise of binary fractions. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`not a number: ${value}`);
  const text = String(Number(value.toPrecision(12)));
  return text.includes('e') ? value.toFixed(12).replace(/\.?0+$/, '') : text;
}

const FUNCTIONS: Readonly<Record<string, (...values: readonly number[]) => number>> = {
  ceil: (value = Number.NaN) => Math.ceil(value),
  floor: (value = Number.NaN) => Math.floor(value),
  max: (...values) => Math.max(...values),
  min: (...values) => Math.min(...values),
};

function evaluate(expression: string, values: Values): number {
  const tokens = expression.match(/\d+(?:\.\d+)?|[a-z_][a-z0-9_]*|[-+*/(),]|\S/g) ?? [];
  let at = 0;
  const fail = (): never => {
    throw new TypeError(`\`<<${expression}>>\` cannot be understood at \`${tokens[at] ?? 'its end'}\``);
  };
  const take = (wanted: string): boolean => {
    if (tokens[at] !== wanted) return false;
    at += 1;
    return true;
  };
  const sum = (): number => {
    let value = product();
    for (;;) {
      if (take('+')) value += product();
      else if (take('-')) value -= product();
      else return value;
    }
  };
  const product = (): number => {
    let value = factor();
    for (;;) {
      if (take('*')) value *= factor();
      else if (take('/')) value /= factor();
      else return value;
    }
  };
  const list = (): number[] => {
    const found = [sum()];
    while (take(',')) found.push(sum());
    if (!take(')')) fail();
    return found;
  };
  const factor = (): number => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token === '-') return -factor();
    if (token === '(') return list()[0] ?? fail();
    if (/^\d/.test(token)) return Number(token);
    const call = Object.hasOwn(FUNCTIONS, token) ? FUNCTIONS[token] : undefined;
    if (call && take('(')) return call(...list());
    const value = Object.hasOwn(values, token) ? values[token] : undefined;
    at -= value === undefined ? 1 : 0;
    return value ?? fail();
  };
  const result = sum();
  return at === tokens.length ? result : fail();
}
