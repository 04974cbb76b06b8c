import { describe, expect, it } from 'vitest';
import { formatHostPort, isOwnMachine, parseHostPort } from '../../src/platform/host-port.ts';

describe('host:port', () => {
  it.each([
    ['smtp.example.org:587', 'smtp.example.org', 587],
    ['mailhost:25', 'mailhost', 25],
    ['127.0.0.1:1', '127.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
  ])('%s', (text, host, port) => {
    expect(parseHostPort(text)).toEqual({ host, port });
    expect(formatHostPort({ host, port })).toBe(text);
  });

  it.each([
    '',
    'host',
    'host:',
    ':25',
    'host:0',
    'host:65536',
    'host:smtp',
    '::1:25',
    '[x]:25',
    '[1.2.3.4]:25',
    'a b:25',
    'http://host:25',
    'host:25/',
  ])('is not %j', (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  });
});

it.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['::1', true],
  ['mailhost', false],
  ['127.0.0.2', false],
])('%s is this machine for Alertmanager: %s', (host, expected) => {
  expect(isOwnMachine({ host, port: 25 })).toBe(expected);
});
