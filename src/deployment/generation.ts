import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import {
  exists,
  readTextIfExists,
  syncDirectory,
  UNFINISHED_MARK,
  unfinishedName,
} from '../platform/files.ts';
import type { Plan, RenderedFile } from '../stack/plan.ts';

const GENERATIONS = '.generations';

/** A component's rendered files as one immutable folder, named by their hash. */
export interface Generation {
  readonly component: string;
  /** Changes when any file does, and when a former folder was edited by hand. */
  readonly name: string;
  readonly directory: string;
}

function hashFiles(files: readonly RenderedFile[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(JSON.stringify([file.path, file.mode ?? 0o644, file.content]));
  }
  return hash.digest('hex');
}

/**
 * The name that the plan's files have below `root`, there or not yet: from their hash, with a number where a folder of
 * that name was edited by hand, so that the edited one is left behind for a new one.
 */
export async function nameGeneration(plan: Plan, root: string): Promise<string> {
  const base = `${plan.component}-${hashFiles(plan.files).slice(0, 16)}`;
  for (let attempt = 1; ; attempt++) {
    const name = attempt === 1 ? base : `${base}-${attempt}`;
    const directory = join(root, name);
    if (!(await exists(directory)) || (await holds(directory, plan.files))) return name;
  }
}

/** Writes the plan's files as `root/name`. A folder with such a name is complete: it gets it by a rename at the end. */
export async function stageGeneration(plan: Plan, root: string, name: string): Promise<Generation> {
  const directory = join(root, name);
  await mkdir(root, { recursive: true, mode: 0o700 });
  if (!(await exists(directory))) await writeGeneration(plan, directory);
  return { component: plan.component, name, directory };
}

/** For the validators' eyes only: nothing of it survives the command, so nothing of it need survive a power cut. */
export async function stageForJudgement(plan: Plan, root: string, name: string): Promise<Generation> {
  const directory = join(root, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await Promise.all(plan.files.map((file) => writeRendered(directory, file, { flush: false })));
  return { component: plan.component, name, directory };
}

async function writeGeneration(plan: Plan, directory: string): Promise<void> {
  const unfinished = unfinishedName(directory);
  try {
    await mkdir(unfinished, { mode: 0o755 });
    for (const file of plan.files) await writeRendered(unfinished, file, { flush: true });
    for (const folder of new Set(plan.files.map(({ path }) => dirname(join(unfinished, path))))) {
      await syncDirectory(folder);
    }
    await syncDirectory(unfinished);
    await claimName(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Another Leitstand may have been faster with the same files: that is as good. */
async function claimName(unfinished: string, directory: string): Promise<void> {
  try {
    await rename(unfinished, directory);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  }
  await syncDirectory(dirname(directory));
}

async function holds(directory: string, files: readonly RenderedFile[]): Promise<boolean> {
  for (const { path, content, mode } of files) {
    const file = join(directory, path);
    if ((await readTextIfExists(file)) !== content) return false;
    if (((await stat(file)).mode & 0o777) !== (mode ?? 0o644)) return false;
  }
  return true;
}

async function writeRendered(
  directory: string,
  file: RenderedFile,
  { flush }: { readonly flush: boolean },
): Promise<void> {
  const path = join(directory, file.path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file.content, { mode: file.mode ?? 0o644, flag: 'wx', flush });
  // The umask has its say on creation; the plan's mode has the last one.
  await chmod(path, file.mode ?? 0o644);
}

/** Where a deployment stages: beside the links that programs read. */
export function generationsRoot(link: string): string {
  return join(dirname(link), GENERATIONS);
}

/** Name of the generation in force, or undefined before the first. */
export async function currentGeneration(link: string): Promise<string | undefined> {
  try {
    return basename(await readlink(link));
  } catch {
    return undefined;
  }
}

/** One rename switches all files of a component together. */
export async function activateGeneration(generation: Generation, link: string): Promise<void> {
  if ((await currentGeneration(link)) === generation.name) return;
  const unfinished = unfinishedName(link);
  await symlink(join(GENERATIONS, generation.name), unfinished);
  await rename(unfinished, link);
  await syncDirectory(dirname(link));
}

/** Removes what no link needs any more: former generations, links of components that are gone, half-done work. */
export async function pruneGenerations(renderedDir: string, inUse: readonly Generation[]): Promise<void> {
  const [components, names] = [inUse.map(({ component }) => component), inUse.map(({ name }) => name)];
  const remove = (path: string) => rm(path, { recursive: true, force: true });
  for (const name of await readdir(join(renderedDir, GENERATIONS))) {
    if (!names.includes(name)) await remove(join(renderedDir, GENERATIONS, name));
  }
  for (const name of await readdir(renderedDir)) {
    const isWanted = name === GENERATIONS || components.includes(name);
    if (!isWanted || name.includes(UNFINISHED_MARK)) await remove(join(renderedDir, name));
  }
}
