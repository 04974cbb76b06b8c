import type { CardFact, CardLink, IncidentCard } from '../../stack/card.ts';
import { type Fields, isFields } from './event-rules.ts';

/** In the order in which PagerDuty shows them. */
const FACTS = ['source', 'component', 'group', 'class', 'timestamp'] as const;

/** Undefined when the body is no event of the Events API v2. */
export function pagerdutyCard(body: string): IncidentCard | undefined {
  const event = parse(body);
  if (!event || typeof event['event_action'] !== 'string') return undefined;
  const payload = isFields(event['payload']) ? event['payload'] : {};
  const details = isFields(payload['custom_details']) ? payload['custom_details'] : {};
  return {
    kind: 'incident',
    action: event['event_action'],
    summary: text(payload, 'summary'),
    severity: text(payload, 'severity'),
    facts: FACTS.flatMap((name) => fact(name, payload[name])),
    details: Object.entries(details).flatMap(([name, value]) => fact(name, value)),
    links: [
      ...linksIn(event['links']),
      ...(text(event, 'client') === '' && text(event, 'client_url') === ''
        ? []
        : [{ text: text(event, 'client') || 'client', address: text(event, 'client_url') }]),
    ],
  };
}

function fact(name: string, value: unknown): CardFact[] {
  if (value === undefined || value === null) return [];
  const said = typeof value === 'string' ? value.trim() : JSON.stringify(value);
  return said === '' ? [] : [{ name, value: said }];
}

function linksIn(list: unknown): CardLink[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isFields).map((link) => {
    const address = text(link, 'href');
    return { text: text(link, 'text') || address, ...(address === '' ? {} : { address }) };
  });
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value.trim() : '';
}

function parse(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
