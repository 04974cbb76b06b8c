// Finding what nothing needs any more, among many snapshots of many packs. There is no data: only names and records.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { packName, snapshotId, snapshotName } from '../../src/repository/names.ts';
import { encodeRecord, signRecord } from '../../src/repository/signed-record.ts';
import { report } from '../measure.ts';
import { show, timeOf } from './against-restic.ts';
import { openPlace, type Place } from './place.ts';
import type { Run } from './run.ts';
import { runs, scaled } from './settings.ts';
import { working } from './work.ts';

const SNAPSHOTS = 100;
const PACKS = scaled(30_000);
/** Packs that a day brings, and another one takes away. */
const NEW_PACKS = scaled(30);
const PACK_BYTES = 32 * 1024 * 1024;
const DAY_MS = 86_400_000;
const GOAL_MS = 5_000;

export async function measureCollection(scratch: string): Promise<void> {
  process.stdout.write(`-- garbage collection of ${SNAPSHOTS} snapshots of ${PACKS} packs each\n`);
  const place: Place = { directory: scratch, encrypted: false };
  try {
    await makeRepository(place);
    const done: Run[] = [];
    for (let round = 0; round < runs(); round += 1) done.push(await working(place, { what: 'prune' }));
    show('prune that only looks', done);
    report([
      { name: 'prune of many snapshots and packs', measured: timeOf(done), goal: GOAL_MS, unit: 'ms' },
    ]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function makeRepository(place: Place): Promise<void> {
  await openPlace(place);
  const key = await loadOrCreateSigningKey(join(place.directory, 'keys'));
  const root = join(place.directory, 'repository');
  const ids = Array.from({ length: PACKS + SNAPSHOTS * NEW_PACKS }, (_, i) =>
    createHash('sha256').update(`pack ${i}`).digest('hex'),
  );
  for (let i = 0; i < SNAPSHOTS; i += 1) {
    const time = new Date(Date.now() - (SNAPSHOTS - i) * DAY_MS);
    const packs = ids.slice(i * NEW_PACKS, i * NEW_PACKS + PACKS).sort();
    const record = signRecord(snapshotOf(time, packs), key);
    write(join(root, snapshotName(record.id)), encodeRecord(record));
  }
  for (const id of ids) write(join(root, packName('loki', id)), '');
}

function snapshotOf(time: Date, packs: readonly string[]) {
  const createdAt = time.toISOString();
  return {
    format: 'lsb1',
    kind: 'snapshot',
    id: snapshotId(time, 'loki', randomBytes(6)),
    source: 'loki',
    stack: 'bench',
    writer: { program: 'bench', version: '1' },
    cutoff: createdAt,
    createdAt,
    expectations: [],
    knownLoss: [],
    lists: [],
    packs: packs.map((id) => ({ id, size: PACK_BYTES })),
    totals: { files: PACKS, bytes: PACKS * PACK_BYTES },
  };
}

/** Old enough to be collected. */
function write(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  const time = (Date.now() - SNAPSHOTS * DAY_MS) / 1000;
  utimesSync(file, time, time);
}
