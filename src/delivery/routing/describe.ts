import type { ConfiguredIntegration } from '../../routing/configuration.ts';

/** Settings that name a place and hold no key. */
const PLACES = ['channel', 'to', 'room_id', 'chat_id', 'topic_arn', 'project', 'url'];

/** For people: `slack #alerts`, of a URL its host; never a secret. */
export function describeIntegration({ type, settings }: ConfiguredIntegration): string {
  for (const key of PLACES) {
    const value = settings[key];
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '' || value === '<secret>')
      continue;
    return `${type} ${key === 'url' ? (visibleUrl(value)?.host ?? '') : String(value)}`.trimEnd();
  }
  return type;
}

/** Old versions show a webhook's URL; newer ones and every other URL with a key in it read `<secret>`. */
export function visibleUrl(value: unknown): URL | undefined {
  return typeof value === 'string' ? (URL.parse(value) ?? undefined) : undefined;
}
