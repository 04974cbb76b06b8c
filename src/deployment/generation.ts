import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exists, syncDirectory, UNFINISHED_MARK, unfinishedName } from '../platform/files.ts';
import type { Plan, RenderedFile } from '../stack/plan.ts';

/** A component's rendered files as one immutable folder, named by their hash. */
export interface Generation {
  readonly component: string;
  readonly filesHash: string;
  readonly directory: string;
  /** True when this run wrote it. */
  readonly fresh: boolean;
}

function hashFiles(files: readonly RenderedFile[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(JSON.stringify([file.path, file.mode ?? 0o644, file.content]));
  }
  return hash.digest('hex');
}

/**
 * Writes the plan's files beside the ones in use; `link` is the path the program reads. A folder with a
 * generation's name is complete: it gets the name by a rename after all its files.
 */
export async function stageGeneration(plan: Plan, link: string): Promise<Generation> {
  const filesHash = hashFiles(plan.files);
  const root = join(dirname(link), '.generations');
  const directory = join(root, `${plan.component}-${filesHash.slice(0, 16)}`);
  const generation = { component: plan.component, filesHash, directory };
  if (await exists(directory)) return { ...generation, fresh: false };
  await mkdir(root, { recursive: true, mode: 0o700 });
  const unfinished = unfinishedName(directory);
  try {
    await mkdir(unfinished, { mode: 0o755 });
    for (const file of plan.files) await writeRendered(unfinished, file);
    await rename(unfinished, directory);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  await syncDirectory(root);
  return { ...generation, fresh: true };
}

async function writeRendered(directory: string, file: RenderedFile): Promise<void> {
  const path = join(directory, file.path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file.content, { mode: file.mode ?? 0o644, flag: 'wx', flush: true });
  // The umask has its say on creation; the plan's mode has the last one.
  await chmod(path, file.mode ?? 0o644);
}

/** The generation in force, or undefined before the first. */
export async function currentGeneration(link: string): Promise<string | undefined> {
  try {
    return join(dirname(link), await readlink(link));
  } catch {
    return undefined;
  }
}

/** One rename switches all files of a component together. */
export async function activateGeneration(generation: Generation, link: string): Promise<void> {
  if ((await currentGeneration(link)) === generation.directory) return;
  const unfinished = unfinishedName(link);
  await symlink(join('.generations', basename(generation.directory)), unfinished);
  await rename(unfinished, link);
  await syncDirectory(dirname(link));
}

/** Removes generations that nothing uses any more, and what a killed run left half done. */
export async function pruneGenerations(renderedDir: string, inUse: ReadonlySet<string>): Promise<void> {
  const root = join(renderedDir, '.generations');
  for (const name of await readdir(root)) {
    if (!inUse.has(join(root, name))) await rm(join(root, name), { recursive: true, force: true });
  }
  for (const name of await readdir(renderedDir)) {
    if (name.includes(UNFINISHED_MARK)) await rm(join(renderedDir, name), { recursive: true, force: true });
  }
}
