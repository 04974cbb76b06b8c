import { decodeWords } from 'postal-mime';

const KEPT = new Set([
  'from',
  'to',
  'cc',
  'reply-to',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'content-type',
  'list-id',
  'auto-submitted',
  'x-priority',
]);

/** The headers that tell what a mail is, unfolded and decoded; of a header that is there twice, both. */
export function mainHeaders(source: Buffer): Record<string, string> {
  const end = source.indexOf('\r\n\r\n');
  const lines = source
    .subarray(0, end === -1 ? source.length : end)
    .toString('utf8')
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([!-9;-~]+):[ \t]*(.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (!KEPT.has(key)) continue;
    const known = headers[key];
    headers[key] = known === undefined ? decodeWords(value) : `${known}\n${decodeWords(value)}`;
  }
  return headers;
}
