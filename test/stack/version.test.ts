import { describe, expect, it } from 'vitest';
import { formatVersion, isAtLeast, parseVersion } from '../../src/stack/version.ts';
import { Secret } from '../../src/stack/secret.ts';
import { inspect } from 'node:util';

describe('versions', () => {
  it.each([
    ['v0.31.1', '0.31.1'],
    ['2.42.0+ds', '2.42.0'],
    ['3.16', '3.16.0'],
  ])('%s', (text, formatted) => {
    const version = parseVersion(text);
    expect(version && formatVersion(version)).toBe(formatted);
  });

  it('an empty text is no version', () => {
    expect(parseVersion('')).toBeUndefined();
  });

  it.each([
    ['0.26.0', '0.26', true],
    ['0.25.9', '0.26', false],
    ['1.0.0', '0.99', true],
    ['3.6.1', '3.6.2', false],
  ])('%s is at least %s: %s', (text, minimum, answer) => {
    const version = parseVersion(text);
    expect(version && isAtLeast(version, minimum)).toBe(answer);
  });
});

describe('Secret', () => {
  it('shows itself nowhere', () => {
    const secret = new Secret('hunter2', 'secret PASSWORD');
    const shown = [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 9 }),
    ];
    for (const text of shown) expect(text).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });
});
