import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { renderError } from '../../src/platform/error-text.ts';
import { LeitstandErrors } from '../../src/platform/errors.ts';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { inDirectory } from '../config/workplace.ts';

const schemas = {
  components: {},
  receivers: Object.fromEntries(receiverPlugins.map(({ type, schema }) => [type, schema])),
};

/** The examples of a readme that are a part of leitstand.yaml from its left margin on. */
async function examplesIn(type: string): Promise<readonly string[]> {
  const readme = await readFile(new URL(`../../src/receivers/${type}/readme.md`, import.meta.url), 'utf8');
  return [...readme.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)]
    .map(([, margin = '', block = '']) => block.replaceAll(new RegExp(`^${margin}`, 'gm'), ''))
    .filter((block) => block.startsWith('receivers:'));
}

function complaints(example: string): Promise<string> {
  const secrets = [...example.matchAll(/\$\{secret:(\w+)\}/g)].map(([, name]) => `${name}=x\n`);
  const yaml = `schema: 1\nstack: rathaus-nord\n${example}`;
  return inDirectory({ 'leitstand.yaml': yaml, '.env': secrets.join('') }, async (directory) => {
    try {
      await loadConfig({ file: `${directory}/leitstand.yaml`, schemas, env: {} });
      return '';
    } catch (error) {
      if (!(error instanceof LeitstandErrors)) throw error;
      return error.errors.map((one) => renderError(one, { colour: false })).join('\n');
    }
  });
}

describe.each(receiverPlugins.map(({ type }) => type))('the readme of %s', (type) => {
  it('has set-up steps that make a whole configuration', async () => {
    const whole = (await examplesIn(type)).filter((example) => /^routing:/m.test(example));
    expect(whole.length).toBeGreaterThan(0);
    for (const example of whole) expect(await complaints(example)).toBe('');
  });

  it('shows entries that are right', async () => {
    for (const example of await examplesIn(type)) {
      const [, receiver = ''] = /^ {2}([\w-]+):/m.exec(example) ?? [];
      const routed = /^routing:/m.test(example) ? example : `${example}routing: {default: ${receiver}}\n`;
      expect(await complaints(routed)).toBe('');
    }
  });
});
