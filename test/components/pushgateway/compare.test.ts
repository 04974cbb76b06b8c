import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compare } from '../../../src/components/pushgateway/source/compare.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { localServer } from '../../fixtures/local-server.ts';

it('does not take for agreement that nothing was left to compare', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leitstand-pushgateway-'));
  await using server = await localServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'success', data: [] }));
  });
  const askAbout = async (late: readonly Record<string, string>[]) =>
    compare({
      url: server.url,
      dataDir: directory,
      expectations: [
        { kind: 'pushed-groups', subject: 'all', value: { groups: [], late: [...late], revived: [] } },
      ],
      cutoff: new Date().toISOString(),
      clock: systemClock,
    });
  try {
    await writeFile(join(directory, 'unrelated'), '');
    expect((await askAbout([{ job: 'busy' }])).map(({ verdict }) => verdict)).toContain('unknown');
    expect((await askAbout([])).map(({ verdict }) => verdict)).toEqual(['match', 'match']);
  } finally {
    await rm(directory, { recursive: true });
  }
});
