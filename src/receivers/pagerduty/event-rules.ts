// What PagerDuty accepts as an event: PagerDuty/developer-docs, events-API-v2/02-Trigger-Events.md, and PagerDuty/api-schema,
// reference/events-v2. It publishes no list of its error texts. Seen in reports: those for the routing key's length and
// characters, for a missing payload.source, and for the severity; the others are worded after them.
import { type Fields, isObject } from '../json.ts';
import { KEY_LENGTH } from './key.ts';

export const ACTIONS = ['trigger', 'acknowledge', 'resolve'] as const;
export const SEVERITIES = ['critical', 'warning', 'error', 'info'] as const;

export type Action = (typeof ACTIONS)[number];
export type Severity = (typeof SEVERITIES)[number];

/** Characters. */
export const MAX_SUMMARY = 1024;
const MAX_DEDUP_KEY = 255;

/** Empty: PagerDuty takes it. */
export function eventProblems(event: Fields): readonly string[] {
  const action = event['event_action'];
  return [
    ...keyProblems(event['routing_key']),
    ...choiceProblems('event_action', action, ACTIONS),
    ...dedupProblems(event['dedup_key'], action !== 'trigger'),
    // The others carry no news: what else they hold is not looked at.
    ...(action === 'trigger' ? triggerProblems(event) : []),
  ];
}

function keyProblems(key: unknown): string[] {
  if (isBlank(key)) return ["'routing_key' is missing or blank"];
  if (typeof key !== 'string') return ["'routing_key' is invalid (must be a string)"];
  return [
    ...(key.length === KEY_LENGTH
      ? []
      : [`Length of 'routing_key' is incorrect (should be ${KEY_LENGTH} characters)`]),
    ...(/^[A-Za-z0-9]*$/.test(key) ? [] : ["'routing_key' cannot contain non-alphanumeric characters."]),
  ];
}

function dedupProblems(key: unknown, isRequired: boolean): string[] {
  if (isBlank(key)) return isRequired ? ["'dedup_key' is missing or blank"] : [];
  return textProblems('dedup_key', key, MAX_DEDUP_KEY);
}

function triggerProblems(event: Fields): string[] {
  const { payload, images, links, client, client_url: clientUrl } = event;
  return [
    ...(isObject(payload) ? payloadProblems(payload) : ["'payload' is missing or blank"]),
    ...listProblems('images', images, 'src', (src) => isUrl(src, /^https:/i), 'an https URL'),
    ...listProblems('links', links, 'href', (href) => isUrl(href, /^https?:/i), 'a URL'),
    ...textProblems('client', client),
    ...(isBlank(clientUrl) || isUrl(clientUrl, /^https?:/i)
      ? []
      : ["'client_url' is invalid (must be a URL)"]),
  ];
}

function payloadProblems(payload: Fields): string[] {
  const { summary, source, severity, timestamp, custom_details: details } = payload;
  return [
    ...requiredProblems('payload.summary', summary, MAX_SUMMARY),
    ...requiredProblems('payload.source', source),
    ...choiceProblems('payload.severity', severity, SEVERITIES),
    ...(isBlank(timestamp) || isTimestamp(timestamp)
      ? []
      : ["'payload.timestamp' is invalid (must be ISO 8601)"]),
    ...['component', 'group', 'class'].flatMap((name) => textProblems(`payload.${name}`, payload[name])),
    ...(details === undefined || details === null || isObject(details)
      ? []
      : ["'payload.custom_details' is invalid (must be an object)"]),
  ];
}

function requiredProblems(name: string, value: unknown, max?: number): string[] {
  return isBlank(value) ? [`'${name}' is missing or blank`] : textProblems(name, value, max);
}

function textProblems(name: string, value: unknown, max = Infinity): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'string') return [`'${name}' is invalid (must be a string)`];
  return lengthOf(value) > max ? [`'${name}' is too long (maximum is ${max} characters)`] : [];
}

function choiceProblems(name: string, value: unknown, choices: readonly string[]): string[] {
  if (isBlank(value)) return [`'${name}' is missing or blank`];
  if (typeof value === 'string' && choices.includes(value)) return [];
  const [last, ...others] = choices.map((choice) => `'${choice}'`).reverse();
  return [
    `'${name}' is invalid (must be one of the following: ${others.reverse().join(', ')} or ${last ?? ''})`,
  ];
}

function listProblems(
  name: string,
  list: unknown,
  key: string,
  isGood: (value: unknown) => boolean,
  wanted: string,
): string[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || !list.every(isObject))
    return [`'${name}' is invalid (must be a list of objects)`];
  const bad = list.findIndex((entry) => !isGood(entry[key]));
  return bad === -1 ? [] : [`'${name}[${bad}].${key}' is invalid (must be ${wanted})`];
}

/** In characters as people count them, not in UTF-16 units. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function isUrl(value: unknown, protocol: RegExp): boolean {
  return typeof value === 'string' && protocol.test(value) && /^[a-z]+:\/\/[^\s/?#]\S*$/i.test(value);
}

function isTimestamp(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value))
  );
}
