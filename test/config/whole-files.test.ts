import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorsOf, HEAD, inDirectory, load, loadIn, mistakes, mistakesIn } from './workplace.ts';

describe('files', () => {
  it('that do not exist', async () => {
    expect(await inDirectory({}, (directory) => mistakesIn(directory))).toMatchInlineSnapshot(`
      "
      LS-CONFIG-001 the configuration file does not exist
        leitstand.yaml
        fix: name the right one with \`--file PATH\`; a new stack begins with \`leitstand init\`
      "
    `);
  });

  it('that are a directory', async () => {
    const text = await inDirectory({}, async (directory) => {
      await mkdir(join(directory, 'leitstand.yaml'));
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-002 a file is needed here, and this is a directory
        leitstand.yaml
      "
    `);
  });

  it('that are empty', async () => {
    expect(await mistakes('# nothing yet\n')).toMatchInlineSnapshot(`
      "
      LS-CONFIG-017 the configuration file is empty
        leitstand.yaml
        fix: start with
             schema: 1
             stack: my-stack
             components:
               prometheus:
      "
    `);
    for (const text of ['', '---\n', '~\n', '\n\n'])
      expect(await errorsOf(load(text))).toMatchObject({ errors: [{ code: 'LS-CONFIG-017', exit: 2 }] });
  });

  it('that are no UTF-8', async () => {
    const text = await inDirectory({}, async (directory) => {
      await writeFile(join(directory, 'leitstand.yaml'), Buffer.from('\uFEFFschema: 1\n', 'utf16le'));
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-002 the file is not UTF-8 text
        leitstand.yaml
        fix: save it as UTF-8
      "
    `);
  });

  it('of secrets that others can read', async () => {
    const yaml = `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]\nrouting: {default: a}\n`;
    const text = await inDirectory({ 'leitstand.yaml': yaml, 'secrets/URL': 'x' }, async (directory) => {
      await chmod(join(directory, 'secrets/URL'), 0o640);
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-018 the file of the secret URL can be read by others
        leitstand.yaml:6:27
          6 |     slack: [{webhook_url: '\${secret:URL}', channel: '#a'}]
            |                           ^^^^^^^^^^^^^^^
        fix: chmod 600 secrets/URL
      "
    `);
  });

  it('.env, when a secret is taken from it and others can read it', async () => {
    const yaml = `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]\nrouting: {default: a}\n`;
    const text = await inDirectory({ 'leitstand.yaml': yaml, '.env': 'URL=x' }, async (directory) => {
      await chmod(join(directory, '.env'), 0o644);
      await expect(loadIn(directory, { URL: 'y' })).resolves.toBeDefined();
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-018 the secret URL comes from a file that others can read
        leitstand.yaml:6:27
          6 |     slack: [{webhook_url: '\${secret:URL}', channel: '#a'}]
            |                           ^^^^^^^^^^^^^^^
        fix: chmod 600 .env
      "
    `);
  });
});

describe('the picture of a line', () => {
  it('has no comment', async () => {
    expect(
      await mistakes(`${HEAD}components:\n  prometheus: {port: 0} # was: 9090\n`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 components.prometheus.port is 0; a port is a whole number from 1 to 65535
        leitstand.yaml:4:22
          4 |   prometheus: {port: 0}
            |                      ^
      "
    `);
  });

  it('shows the part around the carets of a long line', async () => {
    const labels = Array.from({ length: 30 }, (_, i) => `l${i}: v`).join(', ');
    expect(
      await mistakes(
        `${HEAD}components:\n  prometheus: {labels: {${labels}}, port: 0, retention: 1d, shards: 2}\n`,
      ),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 components.prometheus.port is 0; a port is a whole number from 1 to 65535
        leitstand.yaml:4:262
          4 | ... l19: v, l20: v, l21: v, l22: v, l23: v, l24: v, l25: v, l26: v, l27: v, l28: v, l29: v}, port: 0, r...
            |                                                                                                    ^
      "
    `);
  });

  it('keeps its carets in place behind wide characters and hidden values', async () => {
    expect(
      await mistakes(
        `${HEAD}components:\nreceivers: {a: {slack: [{webhook_url: geheim-ü-🚨, channel: '#🚨-ü', chanel: x}]}}\nrouting: {default: a}\n`,
      ),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`chanel\` in receivers.a.slack[0]
        leitstand.yaml:4:70
          4 | receivers: {a: {slack: [{webhook_url: ********, channel: '#🚨-ü', chanel: ********}]}}
            |                                                                  ^^^^^^
        fix: did you mean \`channel\`?
      "
    `);
  });
});

describe('many at once', () => {
  it('are all reported, in the order of the file', async () => {
    const text = await mistakes(MANY);
    const found = [...text.matchAll(/^LS-CONFIG-(\d+) .*\n {2}leitstand\.yaml:(\d+)/gm)];
    expect(found.map(([, code, line]) => `${line}: ${code}`)).toMatchInlineSnapshot(`
      [
        "1: 007",
        "2: 005",
        "5: 011",
        "6: 004",
        "7: 006",
        "9: 008",
        "13: 007",
        "13: 007",
        "13: 004",
        "14: 009",
        "15: 007",
        "16: 010",
        "17: 012",
        "17: 005",
      ]
    `);
    expect(text.match(/^LS-/gm)).toHaveLength(found.length);
  });

  it('are few when aliases multiply', async () => {
    const levels = Array.from({ length: 30 }, (_, i) => `  l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}]`);
    const bomb = `${HEAD}components:\n  l0: &l0 [x]\n${levels.join('\n')}\n`;
    const { errors } = await errorsOf(load(bomb));
    expect(errors.some(({ details }) => details.what === 'aliases stand for more than 10000 values')).toBe(
      true,
    );
    expect(errors.length).toBeLessThan(100);
  });

  it('are one when the nesting has no end', async () => {
    for (const text of [
      `${HEAD}components: ${'['.repeat(50)}${']'.repeat(50)}`,
      '['.repeat(20_000),
      '- '.repeat(20_000),
    ])
      expect((await errorsOf(load(text))).errors.length).toBeGreaterThan(0);
  });
});

const MANY = `stack: a
state_dir: ~
components:
  prometheus:
    port: 9093
    retension: 15d
    memory: 1G
  alertmanager:
  nginx:
receivers:
  on-call:
    slack:
      - chanel: '#a'
    mail: []
routing:
  severity: {critical: oncall}
inbox: {port: "$\{env:PORT}", enabled: on}
`;
