/** HTML whose values were escaped when it was made: the only way to one is the template `html`. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  /** Of literal parts of ours and values of anybody. */
  static of(parts: readonly string[], values: readonly HtmlValue[]): Html {
    return new Html(
      parts.map((part, index) => (index === 0 ? '' : markupOf(values[index - 1])) + part).join(''),
    );
  }
}

/** `undefined` and `false` are nothing, so that `condition && html…` can stand in a template. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[];

/** Values go between tags or into attributes in double quotes; never into a script, a style or a name. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.of(parts, values);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(markupOf).join('');
  return escaped(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Lines end as HTML's do; control characters become U+FFFD: HTML has no way to write them. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replaceAll(/(?![\t\n])\p{Cc}/gu, '\uFFFD');
}

const LINKS: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** The address of a link that does no more than lead somewhere; undefined for `javascript:` and its like. */
export function harmlessLink(address: string): string | undefined {
  return URL.canParse(address) && LINKS.has(new URL(address).protocol) ? address : undefined;
}
