import { describe, expect, it } from 'vitest';
import { repositoryFamilies } from '../../src/backup/metrics/repository-families.ts';
import { verifyClaim } from '../../src/backup/verify-proof.ts';
import { formatMetrics } from '../../src/platform/metrics-text.ts';
import type { VerifyResult } from '../../src/repository/verify.ts';
import type { Proof } from '../../src/stack/proof.ts';

const HOUR = 3_600_000;

const intact: VerifyResult = {
  level: 'stored',
  findings: [],
  counts: { records: 5, lists: 2, packs: 3, objectsRead: 4, bytesRead: 900, files: 0 },
  stored: { objects: 11, bytes: 2_000 },
  misread: [],
  undecoded: [],
  damaged: [],
  oldestUnverifiedAt: '2026-11-20T00:00:00.000Z',
};
const damaged: VerifyResult = {
  ...intact,
  findings: [
    { object: 'packs/p/aa/x', problem: 'was altered', paths: ['a', 'b'], snapshots: ['s'] },
    { object: 'lists/y', problem: 'is missing', paths: [], snapshots: ['s'] },
  ],
  damaged: ['lists/y', 'packs/p/aa/x'],
};

function proofOf(result: VerifyResult, at: string): Proof {
  const claim = verifyClaim(result, { rotateDays: 30, elapsedMs: 1_234.5 });
  if (!claim) throw new Error('no claim');
  return { ...claim, id: 1, at, hash: '', previousHash: '' };
}

describe("a verification's proof", () => {
  it('says what was read, what was found, and since when everything is verified', () => {
    const { verdict, facts, notProven, kind, subject, ageLimitMs } = proofOf(intact, '');
    expect([kind, subject, verdict]).toEqual(['verify', 'repository', 'proven']);
    expect(facts).toMatchObject({
      level: 'stored',
      days: 30,
      elapsedMs: 1235,
      counts: { bytesRead: 900 },
      oldestUnverifiedAt: '2026-11-20T00:00:00.000Z',
    });
    expect(facts).not.toHaveProperty('reason');
    expect(notProven.join()).toContain('drill');
    // A night that is missed is none to be woken for.
    expect(ageLimitMs).toBeGreaterThan(48 * HOUR);
  });

  it('is refuted by damage, with the reason that `status` shows', () => {
    const { verdict, facts } = proofOf(damaged, '');
    expect(verdict).toBe('refuted');
    expect(facts).toMatchObject({
      reason: 'packs/p/aa/x was altered, and 1 more',
      damagedObjects: 2,
      findings: [{ object: 'packs/p/aa/x', problem: 'was altered', files: 2 }, { files: 0 }],
    });
  });

  it('is none of a look at names and sizes, unless that finds something', () => {
    const look = { rotateDays: undefined, elapsedMs: 1 };
    expect(verifyClaim({ ...intact, level: 'presence' }, look)).toBeUndefined();
    expect(verifyClaim({ ...damaged, level: 'presence' }, look)?.verdict).toBe('refuted');
  });
});

describe("the repository's metrics", () => {
  const now = new Date('2026-11-27T00:00:00.000Z');
  const lines = (latest: Proof | undefined) =>
    formatMetrics(repositoryFamilies({ latest }, now))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));

  it('are of the last verification, with an age that grows', () => {
    expect(lines(proofOf(damaged, '2026-11-26T02:00:00.000Z'))).toEqual([
      `leitstand_repository_oldest_unverified_seconds ${7 * 86_400}`,
      `leitstand_repository_oldest_unverified_timestamp_seconds ${Date.parse('2026-11-20T00:00:00Z') / 1000}`,
      `leitstand_repository_last_verify_timestamp_seconds ${Date.parse('2026-11-26T02:00:00Z') / 1000}`,
      'leitstand_repository_damaged_objects 2',
      'leitstand_repository_bytes 2000',
      'leitstand_repository_objects 11',
    ]);
  });

  it('never are those of a sound repository before the first verification', () => {
    expect(lines(undefined).slice(0, 3)).toEqual([
      'leitstand_repository_oldest_unverified_seconds +Inf',
      'leitstand_repository_oldest_unverified_timestamp_seconds 0',
      'leitstand_repository_last_verify_timestamp_seconds 0',
    ]);
  });

  it('of an empty repository have no age', () => {
    const { oldestUnverifiedAt: _, ...empty } = intact;
    expect(lines(proofOf(empty, now.toISOString()))[0]).toBe(
      'leitstand_repository_oldest_unverified_seconds 0',
    );
  });
});
