import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadStack } from '../../src/cli/load-stack.ts';
import type { Stack, StorePlace } from '../../src/stack/stack.ts';
import { contextFor } from './context.ts';

const README = fileURLToPath(new URL('../../src/repository/stores/s3/readme.md', import.meta.url));
/** Every configuration that the page shows. */
const shown = [...(await readFile(README, 'utf8')).matchAll(/```yaml\n([^]*?)```/g)].map(
  ([, text = '']) => text,
);

const SECRETS = 'S3_ACCESS_KEY_ID=AKtest\nS3_SECRET_ACCESS_KEY=secret-of-the-test\n';

async function stackOf(yaml: string): Promise<Stack> {
  const directory = await mkdtemp(join(tmpdir(), 'leitstand-s3-place-'));
  try {
    const components = yaml.includes('components:') ? '' : 'components:\n  prometheus: {}\n';
    const head = `schema: 1\nstack: sva\n${components}`;
    const file = join(directory, 'leitstand.yaml');
    await writeFile(file, `${head}${yaml}`);
    await writeFile(join(directory, '.env'), SECRETS, { mode: 0o600 });
    return await loadStack({ ...contextFor(process.cwd()), file });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function placeOf(yaml: string): Promise<StorePlace & { readonly kind: 's3' }> {
  const { store } = (await stackOf(yaml)).backup;
  if (store.kind !== 's3') throw new Error(`${yaml} is a ${store.kind}`);
  return store;
}

describe('the places that the page of the store shows', () => {
  const [aws = '', minio = '', own = '', locked = ''] = shown;

  it('are all there', () => {
    expect(shown).toHaveLength(4);
  });

  it.each([
    ['AWS', aws],
    ['MinIO', minio],
  ])('%s is two lines of the file', (_, yaml) => {
    expect(yaml.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    expect(yaml).toContain('bucket: sva-monitoring-backups');
  });

  it('on AWS: by the chain of credentials', async () => {
    const place = await placeOf(aws);
    expect(place).toMatchObject({ bucket: 'sva-monitoring-backups', region: 'eu-central-1', prefix: '' });
    expect([place.credentials, place.endpoint, place.component]).toEqual([undefined, undefined, undefined]);
  });

  it('on MinIO: with keys, which hide themselves', async () => {
    const place = await placeOf(minio);
    expect(place).toMatchObject({ endpoint: 'https://minio.example.org' });
    expect(place.credentials?.accessKeyId.reveal()).toBe('AKtest');
    expect(JSON.stringify(place)).not.toContain('secret-of-the-test');
  });

  it('in a component: its address and its keys', async () => {
    const place = await placeOf(own);
    expect(place).toMatchObject({
      component: 'versitygw',
      endpoint: 'http://127.0.0.1:7070',
      pathStyle: true,
    });
    expect(place.credentials?.secretAccessKey.reveal()).toBe('secret-of-the-test');
  });

  it('with an object lock', async () => {
    expect((await placeOf(locked)).objectLock).toEqual({ mode: 'governance' });
  });
});

it('a component without buckets is no place for backups', async () => {
  await expect(stackOf('backup:\n  s3: {component: prometheus, bucket: backups}\n')).rejects.toMatchObject({
    code: 'LS-CLI-005',
    details: { fix: expect.stringContaining('versitygw') },
  });
});
