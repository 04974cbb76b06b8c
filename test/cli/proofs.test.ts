import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandInput, type CommandResult } from '../../src/cli/command.ts';
import { proofListCommand } from '../../src/cli/commands/proof-list.ts';
import { proofShowCommand } from '../../src/cli/commands/proof-show.ts';
import { openHistory } from '../../src/history/history.ts';
import { ensureDirectory } from '../../src/platform/files.ts';
import type { ProofClaim } from '../../src/stack/proof.ts';
import { contextFor } from './context.ts';

const FILE = `schema: 1
stack: rathaus
receivers:
  team:
    webhook:
      - url: http://127.0.0.1:1/
routing:
  default: team
`;
const HOUR_MS = 3_600_000;

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofs-cli-'));
  await writeFile(join(directory, 'leitstand.yaml'), FILE);
  await ensureDirectory(join(directory, '.leitstand'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const database = () => join(directory, '.leitstand', 'leitstand.db');

function append(claim: Partial<ProofClaim>, hoursAgo: number): void {
  const history = openHistory(database());
  const whole: ProofClaim = {
    kind: 'backup',
    subject: 'prometheus',
    verdict: 'proven',
    method: 'read back',
    facts: { bytes: 12, agreed: ['series: 7', 'samples: 9'] },
    ageLimitMs: 26 * HOUR_MS,
    notProven: ['that it survives this machine'],
    ...claim,
  };
  history.proofs.append(whole, new Date(Date.now() - hoursAgo * HOUR_MS));
  history.close();
}

function list(args: readonly string[] = [], limit = '20'): Promise<CommandResult> {
  return proofListCommand.run(contextFor(directory), new CommandInput([...args], { limit }));
}

function show(id: string): Promise<CommandResult> {
  return proofShowCommand.run(contextFor(directory), new CommandInput([id], {}));
}

describe('proof list', () => {
  it('says that there is nothing yet', async () => {
    const { exit, text } = await list();
    expect([exit, text]).toEqual([0, expect.stringContaining('Nothing has been proven yet.')]);
  });

  it('shows what was tested, newest first, of one kind where asked', async () => {
    append({}, 60);
    append({ kind: 'drill', verdict: 'refuted' }, 3);
    append({ kind: 'drill', subject: 'leitstand', verdict: 'unknown' }, 0);
    const { exit, text, json } = await list();
    expect(exit).toBe(0);
    expect(text.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['ID', 'AGE', 'LIMIT', 'PROOF', 'OF', 'RESULT'],
      ['3', '0 s', '26 h', 'drill', 'leitstand', 'UNKNOWN'],
      ['2', '3 h', '26 h', 'drill', 'prometheus', 'REFUTED'],
      ['1', '2 d', '26 h', 'backup', 'prometheus', 'proven'],
      [''],
      ['The records are as they were written: each fits the hash of the one before.'],
    ]);
    expect(json).toMatchObject({ chain: { ok: true }, proofs: [{ id: 3 }, { id: 2 }, { id: 1 }] });
    expect((await list(['drill'], '1')).json).toMatchObject({ proofs: [{ id: 3, kind: 'drill' }] });
    expect((await list(['audit'])).text).toContain('There is no proof of the kind audit.');
  });

  it('takes a whole number as its limit', async () => {
    await expect(list([], '0')).rejects.toThrow(expect.objectContaining({ code: 'LS-CLI-001' }));
  });
});

describe('proof show', () => {
  it('shows what was measured and what that does not prove', async () => {
    append({}, 3);
    const { exit, text, json } = await show('1');
    expect(exit).toBe(0);
    for (const line of [
      /^of +backup prometheus$/m,
      /^result +proven$/m,
      /^taken +.+, 3 h ago, good for 26 h$/m,
      /^not proven +that it survives this machine$/m,
      /^agreed:\n {2}- "series: 7"\n {2}- "samples: 9"\nbytes: 12$/m,
    ])
      expect(text).toMatch(line);
    expect(json).toMatchObject({ id: 1, facts: { bytes: 12 }, chain: { ok: true } });
  });

  it('says when it is too old, or of a time that has not come', async () => {
    append({}, 60);
    append({}, -60);
    expect((await show('1')).text).toContain('2 d ago, TOO OLD for 26 h');
    expect((await show('2')).text).toContain('its time lies ahead');
  });

  it.each(['7', 'x', '1.5'])('names the way when there is no proof %s', async (id) => {
    append({}, 0);
    await expect(show(id)).rejects.toThrow(
      expect.objectContaining({
        code: 'LS-CLI-003',
        details: expect.objectContaining({ fix: 'leitstand proof list' }),
      }),
    );
  });
});

describe('records that somebody changed', () => {
  it.each([
    ['with a better result', `UPDATE proofs SET record = replace(record, 'refuted', 'proven') WHERE id = 2`],
    ['to what is no record', `UPDATE proofs SET record = '{}' WHERE id = 2`],
    ['by taking one away', 'DELETE FROM proofs WHERE id = 2'],
  ])('%s are not shown, nor what came after them', async (_, change) => {
    append({}, 3);
    append({ verdict: 'refuted' }, 2);
    append({}, 1);
    const opened = new DatabaseSync(database());
    opened.exec(change);
    opened.close();
    const listed = await list();
    expect(listed).toMatchObject({
      exit: 1,
      json: { chain: { ok: false, brokenAt: 2 }, proofs: [{ id: 1 }] },
    });
    expect(listed.text).toContain('CHANGED: proof 2 is not as it was written');
    expect(await show('1')).toMatchObject({ exit: 0, json: { id: 1 } });
    for (const id of ['2', '3'])
      expect(await show(id)).toMatchObject({ exit: 1, text: expect.stringContaining('CHANGED: proof 2') });
  });
});
