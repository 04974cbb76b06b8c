import type { CardFact, CardLink, IncidentCard } from '../../stack/card.ts';
import { type Fields, isObject, listOf, parseObject, textOf } from '../json.ts';

/** In the order in which PagerDuty shows them. */
const FACTS = ['source', 'component', 'group', 'class', 'timestamp'] as const;

/** Undefined when the body is no event of the Events API v2. */
export function pagerdutyCard(body: string): IncidentCard | undefined {
  const event = parseObject(body);
  if (!event || typeof event['event_action'] !== 'string') return undefined;
  const payload = isObject(event['payload']) ? event['payload'] : {};
  const details = isObject(payload['custom_details']) ? payload['custom_details'] : {};
  return {
    kind: 'incident',
    action: event['event_action'],
    summary: textOf(payload, 'summary'),
    severity: textOf(payload, 'severity'),
    facts: FACTS.flatMap((name) => fact(name, payload[name])),
    details: Object.entries(details).flatMap(([name, value]) => fact(name, value)),
    links: [
      ...linksIn(listOf(event, 'links')),
      ...(textOf(event, 'client') === '' && textOf(event, 'client_url') === ''
        ? []
        : [{ text: textOf(event, 'client') || 'client', address: textOf(event, 'client_url') }]),
    ],
  };
}

function fact(name: string, value: unknown): CardFact[] {
  if (value === undefined || value === null) return [];
  const said = typeof value === 'string' ? value.trim() : JSON.stringify(value);
  return said === '' ? [] : [{ name, value: said }];
}

function linksIn(links: readonly Fields[]): CardLink[] {
  return links.map((link) => {
    const address = textOf(link, 'href');
    return { text: textOf(link, 'text') || address, ...(address === '' ? {} : { address }) };
  });
}
