import type { ConfigErrorCode } from './errors.ts';
import type { Path } from './schema-tree.ts';
import type { Span } from './source-text.ts';

/** A mistake in the configuration file, before it is given its line and its picture. */
export interface Finding {
  readonly code: ConfigErrorCode;
  readonly what: string;
  readonly why?: string | undefined;
  readonly fix?: string | undefined;
  readonly span: Span;
}

/** `receivers.on-call.slack[0].channel`; the root is an empty text. */
export function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

/** `in receivers.on-call`, with a space before it; nothing at the root. */
export function inPath(path: Path): string {
  return path.length === 0 ? '' : ` in ${pathText(path)}`;
}

/** `did you mean …?` where something is near, else the list of what there is. */
export function choices(near: string | undefined, noun: string, all: readonly string[]): string | undefined {
  if (near !== undefined) return `did you mean \`${near}\`?`;
  return all.length === 0 ? undefined : `${noun}: ${all.join(', ')}`;
}
