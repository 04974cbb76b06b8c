import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixFor } from '../../src/delivery/fixes.ts';
import { failedAttempts, mayConcern } from '../../src/delivery/log-lines.ts';
import { makeIntegration } from '../fixtures/alerting.ts';

function read(version: string): string[] {
  const file = new URL(`../fixtures/alertmanager/failures-${version}.log`, import.meta.url);
  return readFileSync(file, 'utf8').split('\n');
}

const EVER = new Date(0);
const CASES = [
  ['refused slack[0]', 'connection refused', 'nothing listens'],
  ['refused webhook[0]', 'connection refused', 'nothing listens'],
  ['s404 slack[0]', 'status code 404: no_service', 'make a new webhook'],
  ['w404 webhook[0]', 'status code 404', 'nothing takes messages at that URL'],
  ['s500 slack[0]', 'status code 500: oops', 'slack-status.com'],
  ['w500 webhook[0]', 'status code 500', 'problem of its own'],
  ['dns webhook[0]', 'no such host', 'is not known on the machine'],
  ['hang webhook[0]', 'context deadline exceeded', 'does not answer in time'],
  ['nosecret slack[0]', 'no such file or directory', 'secret file'],
  ['two slack[0]', 'status code 404: no_service', 'make a new webhook'],
  ['two slack[1]', 'status code 404: no_service', 'make a new webhook'],
  ['two webhook[0]', 'status code 404', 'nothing takes messages at that URL'],
] as const;

describe.each([
  ['0.25.0', CASES],
  [
    '0.31.1',
    [
      ...CASES,
      ['nosecret webhook[0]', 'no such file or directory', 'secret file'],
      ['html slack[0]', 'received an error response from Slack: <html>', 'a proxy or its login page'],
    ],
  ],
] as const)('the log of a real Alertmanager %s', (version, cases) => {
  const failures = failedAttempts(read(version), EVER);
  const of = (name: string) => failures.filter((one) => `${one.receiver} ${one.integration}` === name);

  it('names every integration that failed, and no other', () => {
    const named = failures.map(({ receiver, integration }) => `${receiver} ${integration}`);
    expect([...new Set(named)].sort()).toEqual(cases.map(([name]) => name).sort());
  });

  it.each(cases)('%s: %s', (name, reason, fix) => {
    const last = of(name).at(-1);
    expect(last?.reason).toContain(reason);
    const [receiver, integration] = name.split(' ');
    const type = integration?.split('[')[0] ?? '';
    const config = { [type === 'slack' ? 'webhook_url' : 'url']: 'https://example.org/SECRET7f3a' };
    expect(fixFor(last?.reason ?? '', makeIntegration(type, config, receiver))).toContain(fix);
  });

  it('keeps no secret, and no account of how often it tried', () => {
    expect(read(version).join().includes('SECRET7f3a')).toBe(version === '0.25.0');
    expect(JSON.stringify(failures)).not.toMatch(/SECRET7f3a|passwd|retry canceled|attempts/);
  });

  it('tells another test from this one, where the line names the group', () => {
    const [group] = of('refused slack[0]').map((one) => mayConcern(one, 'ffffffffffff'));
    expect(group).toBe(version === '0.25.0');
    expect(of('hang webhook[0]').every((one) => mayConcern(one, '0123456789abx10x'))).toBe(true);
  });

  it('is read from a moment on', () => {
    const later = failedAttempts(read(version), new Date('2026-11-24T17:10:53Z'));
    expect(later.map(({ receiver }) => receiver)).toEqual(
      version === '0.25.0' ? ['hang', 'w500', 's500', 'refused', 'refused', 'dns'] : [],
    );
  });
});
