import { chmod, chown, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { systemErrorCode } from '../platform/errors.ts';
import { ensureDirectory, exists, readTextIfExists, writeFileAtomic } from '../platform/files.ts';
import type { Repository } from '../repository/repository.ts';
import type { SnapshotRecord } from '../repository/records.ts';
import type { RestoreResult } from '../repository/restore.ts';
import type { RestoreOwner } from '../repository/restore-owner.ts';
import type { OnProgress } from '../stack/progress.ts';
import { backupErrors } from './errors.ts';
import { OWN_SOURCE } from './own-source.ts';
import { CONFIGURATION, ConfigurationFacts } from './own-source/facts.ts';
import { OutsideValues } from './own-source/secret-names.ts';

export interface RestoreStackRequest {
  readonly repository: Pick<Repository, 'facts' | 'missingKey' | 'restore' | 'snapshots'>;
  /** Absolute: where leitstand.yaml comes to lie. */
  readonly target: string;
  /** How a component's files are laid out. */
  restorePath(component: string, path: string): string;
  readonly owner?: RestoreOwner | undefined;
  /** Restore what is not damaged, and tell what is lost. */
  readonly keepGoing?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface RestoredPart {
  readonly component: string;
  readonly snapshot: string;
  /** UTC, ISO 8601: the data is of this moment. */
  readonly cutoff: string;
  readonly target: string;
  readonly files: number;
  readonly bytes: number;
  /** Only with `keepGoing`. */
  readonly lost: RestoreResult['lost'];
  /** An earlier run of the same command had restored it. */
  readonly wasThere: boolean;
  /** Not where its program looks for it: somebody else runs that. */
  readonly isAside: boolean;
}

export interface RestoredStack {
  /** In which the stack ran; undefined in a backup of an older version. */
  readonly environment: string | undefined;
  /** What the configuration takes from outside: no backup holds the values. */
  readonly outside: OutsideValues;
  readonly target: string;
  readonly stateDir: string;
  /** Base name of the configuration. */
  readonly file: string;
  readonly parts: readonly RestoredPart[];
}

/** What a run has chosen and begun: the same command goes on with it. */
const restoreMark = z.strictObject({
  /** Source → snapshot. */
  snapshots: z.record(z.string(), z.string()),
  /** Targets on which work has begun. */
  begun: z.array(z.string()),
  /** Target → what could not be restored there: a run that goes on tells it as well. */
  lost: z.record(z.string(), z.array(z.object({ path: z.string(), problem: z.string() }))),
});
type RestoreMark = z.infer<typeof restoreMark>;

const CONFIG = 'config/';
const STATE = 'state/';
const SECRET_NAMES = 'secrets.json';

/**
 * The newest snapshot of every source, each where it belongs: the configuration into the target, the state and the data
 * where the configuration says. Until all is there, a file `TARGET.restoring-all` lies beside the target. Nothing is ever
 * written over. Throws LS-BACKUP-012, LS-REPO-029 before anything is written, and what a restore throws.
 */
export async function restoreStack(request: RestoreStackRequest): Promise<RestoredStack> {
  const { repository, target } = request;
  const markFile = `${target}.restoring-all`;
  const mark = await openMark(request, markFile);
  const records = await chosen(repository, mark);
  const own = records.find(({ source }) => source === OWN_SOURCE);
  if (!own) throw withoutStack();
  for (const record of records) {
    const missing = await repository.missingKey(record);
    if (missing) throw missing;
  }
  await ensureDirectory(dirname(target), 0o755);
  const restorer = new StackRestorer(request, markFile, mark);
  await restorer.restore(own, target, { below: CONFIG });
  const facts = await configurationFacts(repository, own);
  const stateDir = resolve(target, facts.stateDir ?? '.leitstand');
  await ensureDirectory(stateDir);
  await restorer.restore(own, stateDir, { below: STATE });
  for (const record of records) {
    if (record === own) continue;
    const isAside = facts.attached?.includes(record.source) === true;
    const place = join(stateDir, isAside ? 'restored' : 'data', record.source);
    await ensureDirectory(dirname(place));
    await restorer.restore(record, place, { isAside });
  }
  await closeState(stateDir);
  await rm(markFile);
  return {
    environment: facts.environment,
    outside: await outsideOf(target),
    target,
    stateDir,
    file: basename(facts.file),
    parts: restorer.parts,
  };
}

async function configurationFacts(
  repository: RestoreStackRequest['repository'],
  own: SnapshotRecord,
): Promise<ConfigurationFacts> {
  const { expectations } = await repository.facts(own);
  return ConfigurationFacts.parse(expectations.find(({ kind }) => kind === CONFIGURATION)?.value);
}

async function outsideOf(target: string): Promise<OutsideValues> {
  return OutsideValues.parse(JSON.parse((await readTextIfExists(join(target, SECRET_NAMES))) ?? '[]'));
}

class StackRestorer {
  readonly parts: RestoredPart[] = [];
  readonly #request: RestoreStackRequest;
  readonly #markFile: string;
  readonly #begun: Set<string>;
  readonly #snapshots: RestoreMark['snapshots'];
  readonly #lost: RestoreMark['lost'];

  constructor(request: RestoreStackRequest, markFile: string, { snapshots, begun, lost }: RestoreMark) {
    this.#request = request;
    this.#markFile = markFile;
    this.#snapshots = snapshots;
    this.#begun = new Set(begun);
    this.#lost = { ...lost };
  }

  async restore(
    record: SnapshotRecord,
    target: string,
    { below, isAside = false }: { readonly below?: string; readonly isAside?: boolean },
  ): Promise<void> {
    const { repository, owner, keepGoing, signal, restorePath, onProgress } = this.#request;
    const part = { component: record.source, snapshot: record.id, cutoff: record.cutoff, target, isAside };
    // Begun, not empty, and without the mark of a restore: then it is whole.
    if (this.#begun.has(target) && (await isFilled(target)) && !(await exists(`${target}.restoring`))) {
      this.parts.push({ ...part, files: 0, bytes: 0, lost: this.#lost[target] ?? [], wasThere: true });
      return;
    }
    this.#begun.add(target);
    await this.#writeMark();
    onProgress?.({ type: 'step', text: `restoring ${record.source} into ${target}` });
    const { files, bytes, lost } = await repository.restore({
      snapshot: record.id,
      target,
      owner,
      keepGoing,
      signal,
      mapPath: (path) => (below === undefined ? restorePath(record.source, path) : path.slice(below.length)),
      ...(below === undefined
        ? {}
        : { selection: { words: `all below ${below}`, includes: (path: string) => path.startsWith(below) } }),
    });
    this.parts.push({ ...part, files, bytes, lost, wasThere: false });
    if (lost.length === 0) return;
    this.#lost[target] = lost.map(({ path, problem }) => ({ path, problem }));
    await this.#writeMark();
  }

  #writeMark(): Promise<void> {
    return writeMark(this.#markFile, {
      snapshots: this.#snapshots,
      begun: [...this.#begun],
      lost: this.#lost,
    });
  }
}

/** The one that an earlier run has left, or a new one for the newest snapshots. */
async function openMark({ repository, target }: RestoreStackRequest, file: string): Promise<RestoreMark> {
  const text = await readTextIfExists(file);
  if (text !== undefined) return readMark(text, file);
  if (await isFilled(target))
    throw backupErrors.error('LS-BACKUP-012', {
      what: `${target} is not empty`,
      why: 'a stack is restored into a directory of its own, and nothing is written over',
      fix: 'name a directory that does not exist yet',
    });
  const snapshots: Record<string, string> = {};
  // Newest first.
  for (const { source, id } of await repository.snapshots()) snapshots[source] ??= id;
  if (snapshots[OWN_SOURCE] === undefined) throw withoutStack();
  return { snapshots, begun: [], lost: {} };
}

function readMark(text: string, file: string): RestoreMark {
  try {
    return restoreMark.parse(JSON.parse(text));
  } catch (cause) {
    throw backupErrors.error('LS-BACKUP-012', {
      what: 'the mark of an unfinished restore cannot be read',
      where: { file },
      fix: `remove it and the directory beside it, or restore into another one`,
      cause,
    });
  }
}

async function writeMark(file: string, mark: RestoreMark): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(mark)}\n`, { mode: 0o600 });
}

/** By name. */
async function chosen(
  repository: RestoreStackRequest['repository'],
  { snapshots }: RestoreMark,
): Promise<readonly SnapshotRecord[]> {
  const ids = new Set(Object.values(snapshots));
  const records = (await repository.snapshots()).filter(({ id }) => ids.has(id));
  if (records.length === ids.size) return records.toSorted((a, b) => a.source.localeCompare(b.source));
  throw backupErrors.error('LS-BACKUP-012', {
    what: 'a snapshot with which this restore was begun is not in the repository any more',
    fix: 'restore into another directory: the newest snapshots are taken',
  });
}

async function isFilled(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length > 0;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return false;
    if (code === 'ENOTDIR') return true;
    throw error;
  }
}

/** For their owner alone, who is the one that has the state. */
async function closeState(stateDir: string): Promise<void> {
  // With `keepGoing` it may be what is lost.
  const { uid, gid } = await stat(join(stateDir, 'leitstand.db')).catch(() => stat(stateDir));
  for (const directory of [stateDir, ...['keys', 'data', 'restored'].map((name) => join(stateDir, name))]) {
    if (!(await exists(directory))) continue;
    await chmod(directory, 0o700);
    if (process.getuid?.() === 0) await chown(directory, uid, gid);
  }
}

function withoutStack() {
  return backupErrors.error('LS-BACKUP-012', {
    what: 'the repository holds no backup of the stack itself',
    why: `its snapshots are of components alone: there is none of \`${OWN_SOURCE}\`, with leitstand.yaml in it`,
    fix: 'restore each by itself into a directory of its own: leitstand restore --source NAME DIRECTORY',
  });
}
