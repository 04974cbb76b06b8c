import type { Json } from '../../platform/canonical-json.ts';
import type { CardFact, DataCard } from '../../stack/card.ts';

/** What a program that takes the JSON looks at first. */
const FACTS = ['receiver', 'status', 'groupKey', 'truncatedAlerts', 'externalURL'] as const;

export function webhookCard(body: string): DataCard {
  const data = parsed(body);
  const fields =
    typeof data === 'object' && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
  const alerts = fields.find(([name]) => name === 'alerts')?.[1];
  const facts = FACTS.flatMap((name): CardFact[] => {
    const value: unknown = fields.find(([field]) => field === name)?.[1];
    return typeof value === 'string' || (typeof value === 'number' && value > 0)
      ? [{ name, value: String(value) }]
      : [];
  });
  return {
    kind: 'data',
    title: 'JSON',
    facts: Array.isArray(alerts) ? [...facts, { name: 'alerts', value: String(alerts.length) }] : facts,
    data,
  };
}

function parsed(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}
