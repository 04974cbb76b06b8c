import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBackup } from '../../src/backup/run-backup.ts';
import { prometheusSource } from '../../src/components/prometheus/source.ts';
import { runDrill } from '../../src/drill/run-drill.ts';
import { openHistory } from '../../src/history/history.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { loadOrCreateSigningKey } from '../../src/repository/keys.ts';
import { createNativeRuntime } from '../../src/runtimes/native/index.ts';
import { isRepository, initialiseRepository, openRepository } from '../../src/repository/repository.ts';
import { openDirectoryStore } from '../../src/repository/stores/directory/index.ts';
import type { Program } from '../../src/stack/program.ts';
import type { ProgramSource } from '../../src/stack/source.ts';

/** Repository, keys, history and scratch below one directory, as a stack has them; for one source. */
export async function openWorld(
  directory: string,
  source: ProgramSource = prometheusSource(),
  clock: Clock = systemClock,
) {
  const { component } = source;
  const paths = { repository: join(directory, 'repository'), scratch: join(directory, 'scratch') };
  await mkdir(paths.repository, { recursive: true });
  const world = {
    signingKey: await loadOrCreateSigningKey(directory),
    clock: systemClock,
    random: (size: number) => randomBytes(size),
  };
  const store = openDirectoryStore(paths.repository);
  const repository = (await isRepository(store))
    ? await openRepository(store, world)
    : await initialiseRepository(store, world);
  const history = openHistory(join(directory, 'leitstand.db'));
  const runtime = createNativeRuntime({
    stateDir: directory,
    env: {},
    clock: systemClock,
    daemonCommand: [],
  });
  return {
    ...paths,
    history,
    store: repository,
    runtime,
    backup: (live: { url: string; dataDir: string }, onStep: (text: string) => void = () => undefined) =>
      runBackup({
        stack: 'test',
        sources: [{ component, source, ...live }],
        repository,
        proofs: history.proofs,
        lockFile: join(directory, 'backup.lock'),
        scratchDir: join(directory, 'copies'),
        clock,
        onProgress: (event) => (event.type === 'step' ? onStep(event.text) : undefined),
      }),
    drill: (program: Program, snapshot?: string) =>
      runDrill({
        sources: [{ component, source, program }],
        repository,
        runtime,
        scratchDir: paths.scratch,
        proofs: history.proofs,
        clock: systemClock,
        random: world.random,
        snapshot,
      }),
  };
}

export async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'leitstand-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
