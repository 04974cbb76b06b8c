const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** Elements whose content is nothing to read. */
const UNREAD: ReadonlySet<string> = new Set(['head', 'script', 'style']);
const BREAKS: ReadonlySet<string> = new Set(['br', 'div', 'h1', 'h2', 'h3', 'li', 'p', 'td', 'th', 'tr']);

/** What a page says, roughly, for lists and searches. In time proportional to its length, whatever it holds. */
export function htmlAsText(html: string): string {
  const lower = html.toLowerCase();
  let text = '';
  let at = 0;
  while (at < html.length) {
    const start = html.indexOf('<', at);
    if (start === -1) return tidied(text + html.slice(at));
    text += html.slice(at, start);
    const end = html.indexOf('>', start);
    if (end === -1) break;
    const [, slash = '', name = ''] = /^<(\/?)([a-z][a-z0-9]*)/.exec(lower.slice(start, start + 20)) ?? [];
    text += BREAKS.has(name) ? '\n' : ' ';
    const closing = slash === '' && UNREAD.has(name) ? lower.indexOf(`</${name}`, end) : end;
    if (closing === -1) break;
    at = closing === end ? end + 1 : closing;
  }
  return tidied(text);
}

function tidied(text: string): string {
  return text
    .replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (entity, ...[decimal, hex, name]) =>
      decoded(String(entity), decimal, hex, name),
    )
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

function decoded(entity: string, decimal: unknown, hex: unknown, name: unknown): string {
  if (typeof name === 'string') return ENTITIES[name.toLowerCase()] ?? entity;
  const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
  return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : entity;
}
