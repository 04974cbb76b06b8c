import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfExists } from '../platform/files.ts';
import type { Plan, RenderedFile } from '../stack/plan.ts';
import type { Launch } from '../stack/runtime.ts';
import { formatVersion } from '../stack/version.ts';

export interface FileDifference {
  readonly path: string;
  readonly kind: 'new' | 'changed' | 'gone';
  /** Unified diff without its header; absent for a file that may hold a secret. */
  readonly diff?: string;
}

const CONTEXT_LINES = 3;

/** The candidate's files against those in force below `current`; a missing directory is an empty one. */
export async function fileDifferences(plan: Plan, current: string): Promise<FileDifference[]> {
  const before = await filesBelow(current);
  const after = new Map(plan.files.map((file) => [file.path, file]));
  const differences: FileDifference[] = [];
  for (const path of [...new Set([...before, ...after.keys()])].sort()) {
    const difference = await compareFile(
      path,
      before.includes(path) ? join(current, path) : undefined,
      after.get(path),
    );
    if (difference) differences.push(difference);
  }
  return differences;
}

async function compareFile(
  path: string,
  before: string | undefined,
  after: RenderedFile | undefined,
): Promise<FileDifference | undefined> {
  const old = before === undefined ? undefined : await readTextIfExists(before);
  const kind = old === undefined ? 'new' : after === undefined ? 'gone' : 'changed';
  if (kind === 'changed' && old === after?.content) return undefined;
  // Files that only their owner may read are so because of a secret.
  const isPrivate =
    ((after?.mode ?? 0o644) & 0o077) === 0 || (before !== undefined && (await isOwnersOnly(before)));
  if (after === undefined || isPrivate) return { path, kind };
  return {
    path,
    kind,
    diff: old === undefined ? allNew(after.content) : await unifiedDiff(old, after.content),
  };
}

async function isOwnersOnly(path: string): Promise<boolean> {
  return ((await stat(path)).mode & 0o077) === 0;
}

function allNew(content: string): string {
  const lines = content.replace(/\n$/, '').split('\n');
  return lines.map((line) => `+${line}`).join('\n');
}

async function unifiedDiff(before: string, after: string): Promise<string> {
  const { structuredPatch } = await import('diff');
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: CONTEXT_LINES });
  return hunks
    .flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...lines,
    ])
    .join('\n');
}

async function filesBelow(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1));
  } catch {
    return [];
  }
}

/** How the process would be started otherwise, a line each: `-` as it was started, `+` as it would be. */
export function launchDifferences(plan: Plan, launched: Launch | undefined): string[] {
  const wanted = launchLines({
    program: plan.program.path,
    version: formatVersion(plan.program.version),
    args: plan.args,
    env: plan.env,
    memoryLimit: plan.memoryLimit,
  });
  const running = launched ? launchLines(launched) : [];
  return [
    ...running.filter((line) => !wanted.includes(line)).map((line) => `- ${line}`),
    ...wanted.filter((line) => !running.includes(line)).map((line) => `+ ${line}`),
  ];
}

function launchLines({ program, version, args, env, memoryLimit }: Launch): string[] {
  return [
    `${program} (${version})`,
    ...args,
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(memoryLimit === undefined ? [] : [`memory limit ${memoryLimit} bytes`]),
  ];
}
