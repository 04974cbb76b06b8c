import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderError } from '../../src/platform/error-text.ts';
import { LeitstandErrors } from '../../src/platform/errors.ts';
import { type Files, HEAD, load } from './workplace.ts';

/** No ordinary text of a message has six characters in common with one of these. */
const secretValue = fc
  .array(fc.constantFrom(...'QXZJKVW0123456789'.split('')), { minLength: 12, maxLength: 30 })
  .map((letters) => letters.join(''));

function pieces(secret: string): readonly string[] {
  return Array.from({ length: secret.length - 5 }, (_, i) => secret.slice(i, i + 6));
}

/** Everything that could be printed of a failed loading; empty when the file was accepted. */
async function outputOf(yaml: string, env: Record<string, string> = {}, files: Files = {}): Promise<string> {
  try {
    await load(yaml, env, files);
    return '';
  } catch (error) {
    if (!(error instanceof LeitstandErrors)) throw error;
    const rendered = error.errors.map((each) => renderError(each, { colour: false })).join('\n');
    const json = JSON.stringify(error.errors.map(({ details }) => details));
    return `${rendered}\n${json}\n${inspect(error, { depth: null })}\n${error.stack ?? ''}`;
  }
}

async function expectSilence(secret: string, output: string): Promise<void> {
  for (const piece of pieces(secret)) expect(output).not.toContain(piece);
}

const SLACK = (value: string) => `components:
  prometheus:
    port: 9090
receivers:
  on-call:
    slack:
      - channel: '#alerts'
        webhook_url: ${value}
    webhook:
      - {url: 'http://127.0.0.1/', password: ${value}}
routing: {default: on-call}
`;

describe('the value of a secret is in no message', () => {
  it('when somebody wrote it into a URL that is no secret', async () => {
    const login = fc.constantFrom(
      (secret: string) => `admin:${secret}`,
      (secret: string) => secret,
    );
    await fc.assert(
      fc.asyncProperty(secretValue, login, async (secret, loginOf) => {
        const yaml = `${HEAD}attach: {prometheus: {url: 'https://${loginOf(secret)}@example.org/'}}\n`;
        const output = await outputOf(yaml);
        expect(output).toContain('holds a user name or a password');
        await expectSilence(secret, output);
      }),
      { numRuns: 20 },
    );
  });

  it('when it comes from a file, the environment or .env and something else is wrong', async () => {
    const places = fc.constantFrom('file', 'env', 'dotenv');
    const breakage = fc.constantFrom(
      'retension: 1',
      'stack: B',
      'routing: {default: nobody}',
      'inbox: {port: x}',
    );
    await fc.assert(
      fc.asyncProperty(secretValue, places, breakage, async (secret, place, line) => {
        const yaml = `${HEAD}${SLACK("'${secret:KEY}'")}${line}\n`;
        const env = place === 'env' ? { KEY: secret } : {};
        const files =
          place === 'file' ? { 'secrets/KEY': secret } : { '.env': `KEY="${secret}"\nnonsense\n` };
        const output = await outputOf(yaml, env, place === 'env' ? {} : files);
        expect(output).toContain('LS-CONFIG-');
        await expectSilence(secret, output);
      }),
      { numRuns: 60 },
    );
  });

  it('when it is written into the file in any style, and the file is damaged anywhere', async () => {
    const styles = fc.constantFrom<(secret: string) => string>(
      (secret) => secret,
      (secret) => `'${secret}'`,
      (secret) => `"${secret}"`,
      (secret) => `"https://hooks.example/${secret}?a: b" # old one: ${secret}`,
      (secret) => `&anchor ${secret}`,
      (secret) => `!tag ${secret}`,
      (secret) => `{${secret}: 1}`,
      (secret) => `[${secret}]`,
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
          '\t',
          '{',
          '}',
          '[',
          ']',
          '#',
          ' #',
          '- ',
          '&',
          '*',
          '@',
          '|',
          '${',
          '\\',
          '  ',
        ),
      }),
      { maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(secretValue, styles, damage, async (secret, style, damages) => {
        let yaml = `${HEAD}${SLACK(style(secret))}`;
        for (const { at, remove, insert } of damages) {
          const offset = Math.floor(at * yaml.length);
          yaml = yaml.slice(0, offset) + insert + yaml.slice(offset + remove);
        }
        await expectSilence(secret, await outputOf(yaml));
      }),
      { numRuns: 700 },
    );
  });

  it('when a broken line makes a key of it, and a misspelt key is still named', async () => {
    const output = await outputOf(`${HEAD}${SLACK('{hunter2hunter2: 1}')}`.replace('webhook_url: {', 'we {'));
    expect(output).not.toContain('hunter2');
    expect(output).toContain('unknown key (not shown: it may be a secret)');
    expect(await outputOf(`${HEAD}${SLACK('x')}`.replace('webhook_url', 'webhok_url'))).toContain(
      'webhok_url',
    );
  });

  it('when its key is misspelt, or it stands where a mapping or list belongs', async () => {
    const forms = fc.constantFrom<(secret: string) => string>(
      (secret) => `receivers: {a: {slack: [{webhok_url: ${secret}}]}}`,
      (secret) => `receivers: {a: {slack: [${secret}]}}`,
      (secret) => `receivers: {a: {slack: ${secret}}}`,
      (secret) => `receivers: {a: {slak: [{webhook_url: ${secret}}]}}`,
      (secret) => `receivers: {a: ${secret}}`,
      (secret) => `receivers: ${secret}`,
      (secret) => `receiver: {a: {slack: [{webhook_url: ${secret}}]}}`,
      (secret) => `receivers: {a: {slack: [{webhook_url: {x: ${secret}}}]}}`,
      (secret) => `receivers: {a: {slack: [{${secret}}]}}`,
      (secret) => `receivers: {a: {slack: [{chanel: ${secret}}]}}`,
      (secret) => `receivers: {a: {slack: [{channel: "#a, webhook_url: ${secret}}]}}`,
      (secret) => `receivers: {a: {slack: [{channel: '#a' webhook_url: ${secret}}]}}`,
      (secret) => `slack_url: ${secret}`,
      (secret) =>
        `receivers:\n  a:\n    slack:\n      - webhook_url: |\n          ${secret}\n          $\{${secret}\n`,
    );
    await fc.assert(
      fc.asyncProperty(secretValue, forms, async (secret, form) => {
        const output = await outputOf(`${HEAD}components:\n${form(secret)}\n`);
        expect(output).toContain('LS-CONFIG-');
        await expectSilence(secret, output);
      }),
      { numRuns: 100 },
    );
  });

  it('when .env is damaged', async () => {
    await fc.assert(
      fc.asyncProperty(
        secretValue,
        fc.constantFrom('KEY = "', "KEY='", 'KEY ', 'K-Y=', 'KEY="x" ', '='),
        async (secret, start) => {
          const output = await outputOf(
            `${HEAD}${SLACK("'${secret:KEY}'")}`,
            {},
            { '.env': `${start}${secret}\n` },
          );
          await expectSilence(secret, output);
        },
      ),
      { numRuns: 30 },
    );
  });
});

it('the check itself would see a secret', async () => {
  const secret = 'QXZJKVW01234';
  const output = await outputOf(
    `${HEAD}components:\n  prometheus: {labels: {a: {b: c}}, retention: ${secret}}\n`,
  );
  await expect(expectSilence(secret, output)).rejects.toThrow();
});

describe('any text', () => {
  it('is accepted or refused, and never a crash', async () => {
    const line = fc.constantFrom(
      'schema: 1',
      'stack: a',
      'components:',
      '  prometheus:',
      '    port: 1',
      'receivers: {a: {slack: [{}]}}',
      '- x',
      '? y',
      '&a',
      '*a',
      '<<: *a',
      '!!binary aGk=',
      '!!set {a}',
      '---',
      '...',
      '%YAML 1.1',
      '# c',
      '"',
      "'",
      '|',
      '>-',
      '{',
      '}',
      '[',
      ']',
      '${env:A}',
      '${secret:A}',
      '\t',
      '1: 2',
      '~',
      '.nan',
      '__proto__: 1',
      'a: &a [*a]',
      '  a: b',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc
        .array(
          fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: fc.string({ maxLength: 8 }) }),
          { maxLength: 14 },
        )
        .map((lines) => lines.join('\n')),
      fc.array(line, { maxLength: 8 }).map((parts) => parts.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (yaml) => {
        await outputOf(yaml);
      }),
      { numRuns: 800 },
    );
  });
});
