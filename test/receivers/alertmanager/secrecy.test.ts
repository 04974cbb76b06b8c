import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { renderError } from '../../../src/platform/error-text.ts';
import { LeitstandErrors } from '../../../src/platform/errors.ts';
import { alertmanager } from '../../../src/receivers/alertmanager/index.ts';
import { inDirectory } from '../../config/workplace.ts';

const schemas = { components: {}, receivers: { alertmanager: alertmanager.schema } };

/** No ordinary text of a message has six characters in common with one of these. */
const secretValue = fc
  .array(fc.constantFrom(...'QXZJKVW0123456789'.split('')), { minLength: 12, maxLength: 30 })
  .map((letters) => letters.join(''));

const styles = fc.constantFrom<(secret: string) => string>(
  (secret) => secret,
  (secret) => `'${secret}'`,
  (secret) => `"https://example.org/${secret}?a: b" # old one: ${secret}`,
  (secret) => `&anchor ${secret}`,
  (secret) => `{${secret}: 1}`,
  (secret) => `{${secret}}`,
  (secret) => `[${secret}, {a: ${secret}}]`,
  (secret) => `$\{${secret}}`,
  (secret) => `x$\{secret:KEY}${secret}`,
);

const damage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 12 }),
    insert: fc.constantFrom(
      '',
      '"',
      "'",
      ':',
      ': ',
      '\n',
      '{',
      '}',
      '[',
      ']',
      ' #',
      '- ',
      '&',
      '*',
      '|',
      '${',
      '  ',
    ),
  }),
  { maxLength: 3 },
);

const file = (value: string) => `schema: 1
stack: rathaus-nord
receivers:
  on-call:
    alertmanager:
      - type: telegram
        settings:
          bot_token: ${value}
          chat_id: 1
          http_config:
            authorization: {credentials: ${value}}
routing: {default: on-call}
`;

it('what stands in the settings is in no message, whatever is wrong with the file', async () => {
  await fc.assert(
    fc.asyncProperty(secretValue, styles, damage, async (secret, style, damages) => {
      let yaml = file(style(secret));
      for (const { at, remove, insert } of damages) {
        const offset = Math.floor(at * yaml.length);
        yaml = yaml.slice(0, offset) + insert + yaml.slice(offset + remove);
      }
      const said = await inDirectory({ 'leitstand.yaml': yaml }, async (directory) => {
        try {
          await loadConfig({ file: `${directory}/leitstand.yaml`, schemas, env: {} });
          return '';
        } catch (error) {
          if (!(error instanceof LeitstandErrors)) throw error;
          return error.errors
            .map((one) => `${renderError(one, { colour: false })} ${JSON.stringify(one)}`)
            .join('\n');
        }
      });
      for (let at = 0; at + 6 <= secret.length; at++) expect(said).not.toContain(secret.slice(at, at + 6));
    }),
    { numRuns: 400 },
  );
});
