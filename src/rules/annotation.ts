/** The part of Prometheus' template language that shipped texts use, and what it prints (template/template.go). */
const TEMPLATE = /\{\{(.*?)\}\}/g;
const LABEL = /^\$labels\.([a-z_][a-z0-9_]*)$/;
const PRINTF = /^printf "%\.(\d)f" \$value$/;
const ELAPSED = '$value | humanizeDuration';

/** Names of the labels that the text shows. Throws a TypeError for a template beyond this part of the language. */
export function annotationLabels(text: string): string[] {
  return [...text.matchAll(TEMPLATE)].flatMap(([, inner = '']) => {
    const expression = inner.trim();
    const label = LABEL.exec(expression)?.[1];
    if (label !== undefined) return [label];
    if (expression === ELAPSED || PRINTF.test(expression)) return [];
    throw new TypeError(`a template that the tests of rules cannot expect: {{ ${expression} }}`);
  });
}

/**
 * The text as Prometheus will fill it in. A label or value that the test does not state is a TypeError: a text that
 * shows a label which its alert does not have would say nothing at night.
 */
export function expandAnnotation(
  text: string,
  labels: Readonly<Record<string, string>>,
  value: number | undefined,
): string {
  return text.replaceAll(TEMPLATE, (_, inner: string) => {
    const expression = inner.trim();
    const label = LABEL.exec(expression)?.[1];
    if (label !== undefined) return stated(labels[label], `the label ${label}`, text);
    const number = stated(value, 'the value', text);
    const digits = PRINTF.exec(expression)?.[1];
    return digits === undefined ? elapsed(number) : rounded(number, Number(digits));
  });
}

function stated<T>(found: T | undefined, what: string, text: string): T {
  if (found === undefined)
    throw new TypeError(`the test of an alert lacks ${what} that its text shows: ${text}`);
  return found;
}

/** Go rounds what lies exactly between two numbers to the even one, and knows -0. */
function rounded(value: number, digits: number): string {
  const scaled = value * 10 ** digits;
  const isTie = Math.abs(scaled % 1) === 0.5;
  const text = Math.abs((isTie ? 2 * Math.round(scaled / 2) : Math.round(scaled)) / 10 ** digits).toFixed(
    digits,
  );
  return value < 0 ? `-${text}` : text;
}

function elapsed(seconds: number): string {
  const [s, m, h, d] = [seconds % 60, seconds / 60, seconds / 3600, seconds / 86_400].map(Math.floor);
  const parts = [
    { unit: 'd', value: d ?? 0 },
    { unit: 'h', value: (h ?? 0) % 24 },
    { unit: 'm', value: (m ?? 0) % 60 },
    { unit: 's', value: s ?? 0 },
  ];
  const first = parts.findIndex(({ value }) => value !== 0);
  return parts
    .slice(first === -1 ? 3 : first)
    .map(({ unit, value }) => `${value}${unit}`)
    .join(' ');
}
