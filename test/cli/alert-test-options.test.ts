import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertTestOptions, labelsOf } from '../../src/cli/alert-test/options.ts';
import { alertTestCommand } from '../../src/cli/commands/alert-test.ts';
import { parseInput } from '../../src/cli/parse.ts';

const entry = { name: 'alert test', summary: '', load: async () => alertTestCommand };
const options = (...words: readonly string[]) =>
  alertTestOptions(parseInput(entry, alertTestCommand, words), {});

describe('the words of alert test', () => {
  it('are every receiver through Alertmanager, unless said', () => {
    expect(options()).toMatchObject({
      aim: { kind: 'receivers', names: [] },
      mode: 'alertmanager',
      standard: 'accepted',
      timeoutMs: 15_000,
      peerTimeoutMs: 15_000,
      alertmanagers: [],
      isDrill: false,
    });
    expect(options('--drill', '--wait-seen', '2m')).toMatchObject({ isDrill: true, waitSeenMs: 120_000 });
    expect(
      options('--alertmanager', 'http://a:9093/', '--alertmanager', 'http://b:9093', 'team'),
    ).toMatchObject({
      alertmanagers: ['http://a:9093', 'http://b:9093'],
      aim: { names: ['team'] },
    });
  });

  it.each([
    [['--direct', '--from-prometheus'], 'do not go together'],
    [['--route', 'a=b', '--every-route'], 'do not go together'],
    [['--route', 'a=b', 'team'], 'do not go together'],
    [['--direct', '--every-route'], 'past all routes'],
    [['--alertmanager', 'http://a', '--direct'], 'needs the credentials'],
    [['--alertmanager', 'http://a', '--from-prometheus'], 'a stack that Leitstand runs'],
    [['--alertmanager', 'ftp://a'], 'takes a URL'],
    [['--state', 'x'], 'goes with --alertmanager only'],
    [['--timeout', '5'], '--timeout takes a duration'],
    [['--peer-timeout', '0s'], '--peer-timeout takes a duration'],
    [['--min-verdict', 'x'], 'confirmed'],
    [['--route', ''], 'names no label'],
    [['--route', 'a'], 'takes labels'],
    [['--route', 'a=b,,c=d'], 'takes labels'],
    [['--route', '1a=b'], 'takes labels'],
    [['--route', 'a="b'], 'takes labels'],
    [['--route', 'a=b,a=c'], 'names `a` twice'],
  ])('%j cannot be meant', (words, text) => {
    let refused: unknown;
    try {
      options(...words);
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ code: 'LS-CLI-001', exit: 2 });
    expect(String(refused)).toContain(text);
  });

  it('do not go with a file that says which Alertmanager it is', () => {
    const input = parseInput(entry, alertTestCommand, ['--alertmanager', 'http://a']);
    expect(() => alertTestOptions(input, { file: 'leitstand.yaml' })).toThrow('do not go together');
  });
});

describe('labels', () => {
  it.each([
    ['team=water,severity=critical', { team: 'water', severity: 'critical' }],
    [' team = water , a="b, c" ', { team: 'water', a: 'b, c' }],
    [String.raw`a="say \"x\""`, { a: 'say "x"' }],
    ['a=,b=c=d', { a: '', b: 'c=d' }],
  ])('%s', (text, labels) => {
    expect(labelsOf(text)).toEqual(labels);
  });

  it('in quotes are taken whatever they hold', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string(), { minKeys: 1, noNullPrototype: true }), (labels) => {
        const text = Object.entries(labels)
          .map(([label, value]) => `${label}="${value.replaceAll(/[\\"]/g, String.raw`\$&`)}"`)
          .join(',');
        expect(labelsOf(text)).toEqual(labels);
      }),
    );
  });
});
