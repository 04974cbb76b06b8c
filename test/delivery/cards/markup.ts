/** Every tag of a page with its attributes' names and, of those that lead somewhere, their values; throws on what is no tag of ours. */
export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const TAG = /<(\/?[a-z][a-z0-9]*)((?:\s+[A-Za-z-]+(?:="[^"<>]*")?)*)\s*>|<!doctype html>/g;

export function tagsOf(markup: string): Tag[] {
  const rest = markup.replaceAll(TAG, '');
  const stray = /[<>]/.exec(rest);
  if (stray)
    throw new Error(
      `markup that is none of ours: ${rest.slice(Math.max(0, stray.index - 60), stray.index + 60)}`,
    );
  return [...markup.matchAll(TAG)].map(([, name = 'doctype', attributes = '']) => ({
    name,
    attributes: Object.fromEntries(
      [...attributes.matchAll(/([A-Za-z-]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [
        key,
        value,
      ]),
    ),
  }));
}

/** What may be in a page that strangers' texts are in. */
export function assertHarmless(tags: readonly Tag[]): void {
  for (const { name, attributes } of tags) {
    if (/^\/?(?:script|object|embed|form|base|link|img|video|audio|svg:.*)$/.test(name))
      throw new Error(`a <${name}>`);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith('on') || key === 'style' || key === 'src') throw new Error(`an attribute ${key}`);
      if (key === 'fill' && !/^#[0-9a-f]{3,6}$/i.test(value)) throw new Error(`a paint ${value}`);
      if (key === 'href' && !/^(?:#|https?:|mailto:)/i.test(value)) throw new Error(`a link to ${value}`);
    }
    if (name === 'iframe' && attributes['sandbox'] !== '') throw new Error('a frame with rights');
  }
}
