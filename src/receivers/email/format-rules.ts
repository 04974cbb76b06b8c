import { readAddressList } from './address-list.ts';
import { type Head, readHead, valuesOf } from './fields.ts';

/** RFC 5322, section 2.1.1, without CRLF. */
const MAX_LINE = 998;
/** Of RFC 5322 (section 3.6) and RFC 2045, at most once each: Gmail and others refuse a second one. */
const ONCE = [
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
] as const;
const MAX_PROBLEMS = 10;

/** What a careful mail server refuses, in the order of reading; empty: nothing. `source` as the client sent it. */
export function formatProblems(source: Buffer): readonly string[] {
  const text = source.toString('latin1');
  const problems = lineProblems(text);
  // Where a line ends is not certain then, and neither is a header.
  if (problems.length > 0) return problems;
  const head = readHead(text);
  return [
    ...headProblems(head),
    ...addressProblems(head),
    ...traceProblems(head),
    ...partProblems(head, text),
  ].slice(0, MAX_PROBLEMS);
}

function lineProblems(text: string): readonly string[] {
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) return ['a CR or LF that stands alone (RFC 5321, 2.3.8)'];
  if (text.includes('\0')) return ['a NUL character (RFC 5322, 2.2)'];
  const long = text.split('\r\n').findIndex((line) => line.length > MAX_LINE);
  return long === -1 ? [] : [`line ${long + 1} is longer than ${MAX_LINE} characters (RFC 5322, 2.1.1)`];
}

function headProblems(head: Head): readonly string[] {
  const { fields, strays } = head;
  const doubled = ONCE.filter((name) => valuesOf(head, name).length > 1);
  const raw = fields.find(({ value }) => /[^\t -~]/.test(value));
  return [
    ...(strays.length === 0 ? [] : ['a line among the headers that is no header']),
    ...doubled.map((name) => `the header ${headerName(name)} more than once (RFC 5322, 3.6)`),
    ...(raw === undefined
      ? []
      : [`the header ${headerName(raw.name)} with characters that are not encoded (RFC 2047)`]),
  ];
}

function addressProblems(head: Head): readonly string[] {
  const from = valuesOf(head, 'from')[0];
  const to = valuesOf(head, 'to')[0];
  const senders = from === undefined ? undefined : readAddressList(from);
  return [
    ...(from === undefined
      ? ['no header From (RFC 5322, 3.6)']
      : senders?.length === 1
        ? []
        : ['a header From that is not one address']),
    ...(to === undefined
      ? ['no header To']
      : readAddressList(to) === undefined
        ? ['a header To that is no list of addresses']
        : []),
  ];
}

const DATE =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s*)?\d{1,2}\s+(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{4}\s+\d{2}:\d{2}(?::\d{2})?\s+(?:[+-]\d{4}|UT|GMT|[ECMP][SD]T)(?:\s*\([^()]*\))?$/i;
const MESSAGE_ID = /^<[^\s<>@]+@[^\s<>@]+>$/;

function traceProblems(head: Head): readonly string[] {
  const date = valuesOf(head, 'date')[0];
  const id = valuesOf(head, 'message-id')[0];
  return [
    ...(date === undefined
      ? ['no header Date (RFC 5322, 3.6)']
      : DATE.test(date)
        ? []
        : ['a header Date that is no date']),
    ...(id === undefined
      ? ['no header Message-Id']
      : MESSAGE_ID.test(id)
        ? []
        : ['a header Message-Id that is no <id@domain>']),
  ];
}

/** A mail that was cut off lacks the end of its parts. */
function partProblems(head: Head, text: string): readonly string[] {
  const [type = 'text/plain'] = valuesOf(head, 'content-type');
  if (!/^[a-z0-9-]+\/[a-z0-9.+-]+\s*(?:;|$)/i.test(type)) return ['a header Content-Type that names no type'];
  if (!/^multipart\//i.test(type)) return [];
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return ['parts without the boundary between them (RFC 2046, 5.1.1)'];
  return text.includes(`\r\n--${boundary}--`)
    ? []
    : ['parts without an end: the mail was cut off (RFC 2046, 5.1.1)'];
}

/** `message-id` → `Message-Id` */
function headerName(name: string): string {
  return name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
