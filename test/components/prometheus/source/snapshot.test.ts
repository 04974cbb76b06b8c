import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PrometheusApi } from '../../../../src/components/prometheus/api.ts';
import { pinSnapshot, sweepSnapshots } from '../../../../src/components/prometheus/source/snapshot.ts';

let root: string;
let data: string;
let others: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leitstand-snapshot-'));
  [data, others] = [join(root, 'data'), join(root, 'others')];
  await mkdir(join(data, 'snapshots'), { recursive: true });
  await mkdir(others);
  await writeFile(join(others, 'precious'), '');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A Prometheus that answers with a name after doing something in its data directory. */
function answering(name: string, first: () => Promise<unknown> = async () => undefined): PrometheusApi {
  const snapshot = async () => {
    await first();
    return name;
  };
  return { snapshot } as Partial<PrometheusApi> as PrometheusApi;
}

const make = (name: string) => () => mkdir(join(data, 'snapshots', name));

describe('a snapshot', () => {
  it('is removed when it was ours', async () => {
    const { release } = await pinSnapshot(answering('new', make('new')), data);
    await release();
    await release();
    expect(await readdir(join(data, 'snapshots'))).toEqual([]);
  });

  it('that was there before is nobody else’s to remove', async () => {
    await make('old')();
    await writeFile(join(data, 'snapshots', 'old', 'block'), '');
    await expect(pinSnapshot(answering('old'), data)).rejects.toMatchObject({
      code: 'LS-PROMETHEUS-009',
      details: { why: expect.stringContaining('before') },
    });
    expect(await readdir(join(data, 'snapshots', 'old'))).toEqual(['block']);
  });

  it('that is a link is neither marked nor followed', async () => {
    const link = () => symlink(others, join(data, 'snapshots', 'new'));
    await expect(pinSnapshot(answering('new', link), data)).rejects.toMatchObject({
      code: 'LS-PROMETHEUS-009',
      details: { why: expect.stringContaining('a link') },
    });
    expect(await readdir(others)).toEqual(['precious']);
  });

  it('that became a link meanwhile is not followed by its removal, nor by the next backup’s', async () => {
    const { release } = await pinSnapshot(answering('new', make('new')), data);
    await rename(join(data, 'snapshots'), join(data, 'away'));
    await mkdir(join(others, 'new'));
    await writeFile(join(others, 'new', 'leitstand-capture.json'), '{"pid": 1, "startTime": "0"}');
    await symlink(others, join(data, 'snapshots'));
    await expect(release()).rejects.toMatchObject({ code: 'LS-PROMETHEUS-010' });
    await expect(sweepSnapshots(data)).rejects.toMatchObject({ code: 'LS-PROMETHEUS-010' });
    expect(await readdir(join(others, 'new'))).toEqual(['leitstand-capture.json']);
  });
});
