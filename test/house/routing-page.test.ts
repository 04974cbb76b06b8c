import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { HEAD, load } from '../config/workplace.ts';

const page = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');
const example = readFileSync(new URL('../fixtures/routing/leitstand.yaml', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');

describe('docs/routing.md', () => {
  it('shows the example that is rendered and tested', () => {
    expect(blocks[0]).toBe(example);
  });

  it.each(blocks.slice(1))('shows routing that is accepted: %s', async (text) => {
    const { routing } = parse(text) as { readonly routing: object };
    const names = new Set(
      JSON.stringify(routing).match(/(?<=(?:"receiver"|"default"|"critical"|"warning"):")[a-z-]+/g),
    );
    const receivers = Object.fromEntries([...names].map((name) => [name, {}]));
    const { document } = await load(`${HEAD}components:\nreceivers: ${JSON.stringify(receivers)}\n${text}`);
    expect(document.routing.default).toBeDefined();
  });
});
