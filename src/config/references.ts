/** Text with references, taken apart. `raw` is a reference as it is written. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'env';
      readonly name: string;
      readonly fallback: string | undefined;
      readonly raw: string;
    }
  | { readonly type: 'secret'; readonly name: string; readonly raw: string }
  | { readonly type: 'malformed'; readonly raw: string };

const ENV = /^env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/;
const SECRET = /^secret:([A-Za-z_][A-Za-z0-9_]*)$/;

/**
 * `${env:NAME}`, `${env:NAME:-default}` (the default ends at the first `}`) and `${secret:NAME}`; `$${` is a literal
 * `${`. Anything else that starts with `${` is malformed, never text. Neighbouring texts are one part.
 */
export function parseReferences(text: string): readonly Part[] {
  const parts: Part[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      literal += '${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      if (literal !== '') parts.push({ type: 'text', text: literal });
      literal = '';
      const part = referenceAt(text, at);
      parts.push(part);
      at += part.raw.length;
    } else {
      literal += text[at];
      at += 1;
    }
  }
  if (literal !== '' || parts.length === 0) parts.push({ type: 'text', text: literal });
  return parts;
}

/** The text that `parseReferences` reads as exactly this text. */
export function escapeReferences(text: string): string {
  return text.replaceAll('${', '$$${');
}

function referenceAt(text: string, at: number): Exclude<Part, { type: 'text' }> {
  const end = text.indexOf('}', at);
  if (end === -1) return { type: 'malformed', raw: text.slice(at) };
  const raw = text.slice(at, end + 1);
  const body = raw.slice(2, -1);
  const env = ENV.exec(body);
  if (env?.[1] !== undefined) return { type: 'env', name: env[1], fallback: env[2], raw };
  const secret = SECRET.exec(body);
  if (secret?.[1] !== undefined) return { type: 'secret', name: secret[1], raw };
  return { type: 'malformed', raw };
}

/** The value of a plain scalar in YAML 1.2's core schema: `${env:PORT}` is a number where `9090` would be. */
export function coreScalar(text: string): string | number | boolean | null {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?[0-9]+$/.test(text)) return Number(text);
  if (/^0o[0-7]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) return Number(text);
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text);
  return text;
}
