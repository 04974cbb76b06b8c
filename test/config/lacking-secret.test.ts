import { expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { secret } from '../../src/config/fields.ts';
import { errorsOf, HEAD, inDirectory } from './workplace.ts';

const schemas = {
  components: {},
  receivers: {
    slack: z.strictObject({ webhook_url: secret() }),
    alertmanager: z.strictObject({ type: z.string() }),
  },
};

async function fixOf(receiver: string, dotenv: string, env: Readonly<Record<string, string>> = {}) {
  const yaml = `${HEAD}receivers: {a: ${receiver}}\nrouting: {default: a}\n`;
  return inDirectory({ 'leitstand.yaml': yaml, '.env': dotenv }, async (directory) => {
    const { errors } = await errorsOf(loadConfig({ file: `${directory}/leitstand.yaml`, schemas, env }));
    return errors[0]?.details.fix?.replaceAll(`${directory}/`, '');
  });
}

const SLACK = "{slack: [{webhook_url: '${secret:URL}'}]}";

it('a secret that is missing or empty is to be put where the readmes put it', async () => {
  expect(await fixOf(SLACK, '')).toBe(
    'add the line URL=… to .env, or write the value to secrets/URL (mode 0600)',
  );
  expect(await fixOf(SLACK, 'URL=\n')).toBe('write its value behind URL= in .env');
});

it('an empty variable of the environment hides the value in .env, and is named', async () => {
  expect(await fixOf(SLACK, 'URL=https://a\n', { URL: '' })).toContain(
    'environment variable URL is set to nothing',
  );
});

it('an integration that is not modelled has its place below `alertmanager:`', async () => {
  expect(await fixOf('{telegram: [{}]}', '')).toBe(
    'what is none of slack goes below `alertmanager:`, as `- {type: telegram, settings: {…}}`',
  );
  expect(await fixOf('{slak: [{}]}', '')).toBe('did you mean `slack`?');
});
