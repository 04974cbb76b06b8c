import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { secretFileCheck } from '../../src/cli/alert-test/secret-files.ts';
import type { Runtime } from '../../src/stack/runtime.ts';
import { makeIntegration } from '../fixtures/alerting.ts';

const directory = mkdtempSync(join(tmpdir(), 'secret-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const VALUE = 'https://example.org/SECRET7f3a';
const integration = makeIntegration('webhook', { url: VALUE });
const path = join(directory, 'on-call-webhook-0');

/** What is wrong with the file, for an Alertmanager of that version. */
async function problem(version = '0.31.1', launched = true) {
  const runtime = {
    launched: async () => (launched ? { version } : undefined),
    place: () => ({ secret: (name: string) => join(directory, name) }),
  } as unknown as Pick<Runtime, 'launched' | 'place'>;
  return (await secretFileCheck({ stack: { integrations: [integration] }, runtime }))(integration);
}

describe('the secret files of an integration', () => {
  it('are good when they hold what is configured today', async () => {
    writeFileSync(path, VALUE);
    expect(await problem()).toBeUndefined();
  });

  it.each([
    ['missing', () => rmSync(path), 'is missing: no such file'],
    ['empty', () => writeFileSync(path, ' \n'), 'is empty'],
    ['of before', () => writeFileSync(path, `${VALUE}old`), 'Alertmanager would use the old one'],
  ])('are named when %s, without their value', async (_, damage, words) => {
    writeFileSync(path, VALUE);
    damage();
    const found = await problem();
    expect(found?.reason).toContain(words);
    expect(found?.reason).toContain('on-call-webhook-0');
    expect(found?.fix).toContain('leitstand up');
    expect(JSON.stringify(found)).not.toContain('7f3a');
  });

  it.skipIf(process.getuid?.() === 0)('are named when they cannot be read', async () => {
    writeFileSync(path, VALUE);
    chmodSync(path, 0);
    expect((await problem())?.reason).toContain('EACCES');
    chmodSync(path, 0o600);
  });

  it('are none where the version cannot read one, or nothing runs', async () => {
    rmSync(path, { force: true });
    expect(await problem('0.25.0')).toBeUndefined();
    expect(await problem('0.31.1', false)).toBeUndefined();
  });
});
