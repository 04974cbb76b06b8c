import { glob, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { PrometheusApi } from '../components/prometheus/api.ts';
import { LeitstandError } from '../platform/errors.ts';
import type { Runtime } from '../stack/runtime.ts';
import type { Stack, WantedComponent } from '../stack/stack.ts';

/** A configuration or rule file by the name its findings should carry: its path on the machine that runs it. */
interface NamedText {
  readonly file: string;
  readonly text: string;
}

interface AttachedFiles {
  readonly files: readonly NamedText[];
  /** What could not be read as it is on disk, in words: lines then differ, and secrets are masked. */
  readonly notes: readonly string[];
}

interface Asking {
  readonly stack: Pick<Stack, 'components'>;
  readonly runtime: Pick<Runtime, 'connection'>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files that attached programs run with: from disk where `config_file` is readable here, else as their APIs give
 * them. Rejects with LS-PROMETHEUS or LS-ALERTMANAGER errors when the file is not known and the program cannot be asked.
 */
export async function attachedFiles(asking: Asking): Promise<AttachedFiles> {
  const found: AttachedFiles[] = [];
  for (const component of asking.stack.components) {
    if (component.name === 'prometheus') found.push(await prometheusFiles(asking, component));
    if (component.name === 'alertmanager') found.push(await alertmanagerFiles(asking, component));
  }
  return {
    files: found.flatMap(({ files }) => files),
    notes: found.flatMap(({ notes }) => notes),
  };
}

async function prometheusFiles(asking: Asking, { attached }: WantedComponent): Promise<AttachedFiles> {
  const main = await fromDisk(attached?.configFile);
  if ('why' in main) return prometheusByApi(asking, main.why);
  const files: NamedText[] = [main];
  const notes: string[] = [];
  for (const pattern of ruleFilesOf(main.text)) {
    const absolute = resolve(dirname(main.file), pattern);
    for (const path of await sorted(glob(absolute))) {
      const rules = await fromDisk(path);
      if ('why' in rules) notes.push(`rule file not looked at: ${rules.why}`);
      else files.push(rules);
    }
  }
  return { files, notes };
}

async function sorted(paths: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const path of paths) all.push(path);
  return all.sort();
}

function ruleFilesOf(text: string): string[] {
  try {
    const { rule_files: patterns } = (parse(text) ?? {}) as { readonly rule_files?: unknown };
    return Array.isArray(patterns) ? patterns.filter((one) => typeof one === 'string') : [];
  } catch {
    // What is wrong with it is for the check to say.
    return [];
  }
}

async function prometheusByApi({ runtime, signal }: Asking, why: string): Promise<AttachedFiles> {
  const { createPrometheusApi } = await import('../components/prometheus/api.ts');
  const api = createPrometheusApi(runtime.connection('prometheus', 0), signal);
  const [config, groups, flags] = await Promise.all([api.config(), api.loadedRules(), api.flags()]);
  const byFile = Map.groupBy(groups, ({ file }) => file);
  return {
    files: [
      { file: flags['config.file'] ?? 'prometheus.yml', text: config },
      ...[...byFile].map(([file, own]) => ({
        file,
        text: stringify({ groups: own.map(groupOf) }, { lineWidth: 0 }),
      })),
    ],
    notes: [
      `Prometheus' files are looked at as its API gives them: ${why}; lines and comments are not those of the files`,
    ],
  };
}

type LoadedGroup = Awaited<ReturnType<PrometheusApi['loadedRules']>>[number];

/** As it stands in a rule file. */
function groupOf({ name, interval, rules }: LoadedGroup) {
  return {
    name,
    interval: `${interval}s`,
    rules: rules.map(({ type, name: rule, query, duration = 0, keepFiringFor = 0, labels, annotations }) => ({
      [type === 'alerting' ? 'alert' : 'record']: rule,
      expr: query,
      ...(duration === 0 ? {} : { for: `${duration}s` }),
      ...(keepFiringFor === 0 ? {} : { keep_firing_for: `${keepFiringFor}s` }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    })),
  };
}

async function alertmanagerFiles(
  { runtime, signal }: Asking,
  { attached }: WantedComponent,
): Promise<AttachedFiles> {
  const main = await fromDisk(attached?.configFile);
  if (!('why' in main)) return { files: [main], notes: [] };
  const { createAlertmanagerApi } = await import('../components/alertmanager/api.ts');
  const { config } = await createAlertmanagerApi(runtime.connection('alertmanager', 0), signal).status();
  return {
    files: [{ file: 'alertmanager.yml', text: config }],
    notes: [
      `Alertmanager's file is looked at as its API gives it: ${main.why}; secrets are masked, and lines are not those of the file`,
    ],
  };
}

async function fromDisk(path: string | undefined): Promise<NamedText | { readonly why: string }> {
  if (path === undefined) return { why: '`config_file` is not set' };
  try {
    return { file: path, text: await readFile(path, 'utf8') };
  } catch (error) {
    if (error instanceof LeitstandError || !(error instanceof Error)) throw error;
    return { why: error.message };
  }
}
