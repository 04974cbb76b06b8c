import { describe, expect, it } from 'vitest';
import { assertNotOlder } from '../../src/drill/program-version.ts';
import type { SnapshotRecord } from '../../src/repository/records.ts';
import type { Program } from '../../src/stack/program.ts';
import { parseVersion } from '../../src/stack/version.ts';

function ask(wrote: string, here: string): () => void {
  const version = parseVersion(here);
  if (!version) throw new Error(here);
  const program: Program = { name: 'prometheus', path: '/usr/bin/prometheus', version, origin: 'debian' };
  const record = { source: 'prometheus', writer: { program: 'prometheus', version: wrote } };
  return () => assertNotOlder(record as SnapshotRecord, program);
}

describe('the program of a drill', () => {
  it.each([
    ['2.42.0+ds', '2.42.0'],
    ['2.42.0', '3.16.0'],
    ['3.16.2', '3.16.0'],
    ['', '2.42.0'],
  ])('that wrote %s may be asked with %s', (wrote, here) => {
    expect(ask(wrote, here)).not.toThrow();
  });

  it.each([
    ['3.16.0', '2.42.0'],
    ['3.16.0', '3.5.9'],
  ])('that wrote %s is not asked with %s', (wrote, here) => {
    expect(ask(wrote, here)).toThrow('LS-DRILL-006');
  });
});
