import type { Json } from '../../platform/canonical-json.ts';
import { isObject, parseJson } from '../json.ts';
import type { CardFact, DataCard } from '../../stack/card.ts';

/** What a program that takes the JSON looks at first. */
const FACTS = ['receiver', 'status', 'groupKey', 'truncatedAlerts', 'externalURL'] as const;
/** Of an object of another make (`payload`). */
const SHOWN_FIELDS = 20;

export function webhookCard(body: string): DataCard {
  const data = parseJson(body) as Json | undefined;
  const fields = isObject(data) ? Object.entries(data) : [];
  const alerts = fields.find(([name]) => name === 'alerts')?.[1];
  return {
    kind: 'data',
    title: 'JSON',
    facts: Array.isArray(alerts)
      ? [...ownFacts(fields), { name: 'alerts', value: String(alerts.length) }]
      : otherFacts(fields),
    data,
  };
}

function ownFacts(fields: readonly (readonly [string, unknown])[]): CardFact[] {
  return FACTS.flatMap((name) => {
    const value = fields.find(([field]) => field === name)?.[1];
    return typeof value === 'string' || (typeof value === 'number' && value > 0)
      ? [{ name, value: String(value) }]
      : [];
  });
}

function otherFacts(fields: readonly (readonly [string, unknown])[]): CardFact[] {
  return fields
    .slice(0, SHOWN_FIELDS)
    .map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) }));
}
