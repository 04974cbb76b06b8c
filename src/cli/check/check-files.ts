import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { askPrograms } from '../../inspection/ask-programs.ts';
import { inspectionErrors } from '../../inspection/errors.ts';
import { inspect, type Inspection } from '../../inspection/inspect.ts';
import { filesOfPattern, readDirectory, readNamedFile } from '../../inspection/read/directory.ts';
import { fileLookup } from '../../inspection/read/file-lookup.ts';
import { readModel, type TextFile } from '../../inspection/read/read-model.ts';
import { type PlacedWaiver, waiversInText } from '../../inspection/waivers.ts';
import { cacheDirectory } from '../../platform/environment.ts';
import { findExecutable } from '../../platform/files.ts';
import { plural } from '../../platform/units.ts';
import type { CommandContext } from '../command.ts';
import { shownPath } from '../shown-path.ts';

export interface FilesToCheck {
  readonly directory?: string | undefined;
  readonly prometheus?: string | undefined;
  readonly alertmanager?: string | undefined;
  /** Files that a running program has loaded, as it gives them itself: its validators have nothing to add. */
  readonly loaded?: { readonly files: readonly TextFile[]; readonly notes: readonly string[] };
  readonly inContainers: boolean;
  /** Beside those that stand in the files. */
  readonly waivers?: readonly PlacedWaiver[];
}

export interface Checked {
  readonly inspection: Inspection;
  readonly files: number;
  readonly rules: number;
}

/** Looks at files that somebody wrote, whatever runs or does not. */
export async function checkFiles(context: CommandContext, wanted: FilesToCheck): Promise<Checked> {
  const shown = (path: string) => shownPath(context.cwd, path);
  const directory = wanted.directory === undefined ? undefined : resolve(context.cwd, wanted.directory);
  const content = directory === undefined ? undefined : await readDirectory(directory, shown);
  const named = await namedFiles(context, wanted);
  const names = new Set(named.map(({ file }) => file));
  const files = [
    ...named,
    ...(wanted.loaded?.files ?? []),
    ...(content?.files ?? []).filter(({ file }) => !names.has(file)),
  ];
  const model = readModel({
    origin: 'files',
    files,
    ...(wanted.inContainers ? { context: 'containers' as const } : {}),
    fileExists: fileLookup(content?.names ?? [], directory === undefined ? [] : [shown(directory)]),
  });
  const { prometheuses, ruleFiles, alertmanagers, unreadable } = model;
  if (prometheuses.length + ruleFiles.length + alertmanagers.length + unreadable.length === 0)
    throw inspectionErrors.error('LS-CHECK-021', {
      what: `there is no file of Prometheus or Alertmanager in ${wanted.directory ?? 'what was named'}`,
      why: `${plural(files.length, 'YAML file')} ${files.length === 1 ? 'was' : 'were'} looked at`,
      fix: 'name another directory, or the files themselves: --prometheus FILE --alertmanager FILE',
    });
  const asked = wanted.loaded
    ? { findings: [], notAsked: wanted.loaded.notes }
    : await askPrograms(model, await validators(context), {
        run: context.run,
        absolute: (file) => resolve(context.cwd, file),
        signal: context.signal,
      });
  const inspection = inspect({
    model,
    others: asked.findings,
    waivers: [...(wanted.waivers ?? []), ...files.flatMap(({ file, text }) => waiversInText(file, text))],
    today: today(context),
  });
  return {
    inspection: {
      ...inspection,
      notAsked: [...inspection.notAsked, ...asked.notAsked, ...(content?.unread ?? [])],
    },
    files: prometheuses.length + ruleFiles.length + alertmanagers.length + unreadable.length,
    rules: ruleFiles.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules)).length,
  };
}

/** The last day of a waiver is meant where its author lives: the machine's own calendar. */
export function today({ clock }: Pick<CommandContext, 'clock'>): string {
  const now = new Date(clock.now());
  const two = (value: number) => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

async function namedFiles(context: CommandContext, wanted: FilesToCheck): Promise<TextFile[]> {
  const files: TextFile[] = [];
  for (const kind of ['prometheus', 'alertmanager'] as const) {
    const name = wanted[kind];
    if (name === undefined) continue;
    const path = resolve(context.cwd, name);
    files.push(await readNamedFile(path, shownPath(context.cwd, path), kind));
  }
  // Without a directory the rules are those that the named Prometheus file loads.
  if (wanted.directory === undefined) files.push(...(await rulesOf(context, files)));
  return files;
}

async function rulesOf(context: CommandContext, files: readonly TextFile[]): Promise<TextFile[]> {
  const { prometheuses } = readModel({ origin: 'files', files, fileExists: () => undefined });
  const rules: TextFile[] = [];
  for (const { file, ruleGlobs } of prometheuses) {
    for (const { pattern } of ruleGlobs) {
      for (const path of await filesOfPattern(pattern, resolve(context.cwd, file)))
        rules.push(await readNamedFile(path, shownPath(context.cwd, path), 'rules'));
    }
  }
  return rules;
}

/** On PATH, else in the cache; files alone are no reason to fetch a program. */
async function validators(context: CommandContext) {
  const [promtool, amtool] = await Promise.all([
    findProgram('promtool', context),
    findProgram('amtool', context),
  ]);
  return { promtool, amtool };
}

async function findProgram(name: string, { env, catalog }: CommandContext): Promise<string | undefined> {
  const onPath = await findExecutable(name, env['PATH'] ?? '');
  if (onPath !== undefined) return onPath;
  const { lookInCache } = await import('../../runtimes/native/provision/cache.ts');
  const tools = [...(await catalog.components()).values()].flatMap(({ tools: own }) => own);
  const spec = tools.find((tool) => tool.name === name);
  if (!spec) return undefined;
  const answer = await lookInCache(cacheDirectory(env, homedir()), [spec], {
    origins: ['release', 'go', 'debian'],
  });
  return 'programs' in answer ? answer.programs[0]?.path : undefined;
}
