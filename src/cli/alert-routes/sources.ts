import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RoutedRule } from '../../delivery/routing/rules.ts';
import type { RoutingSource } from '../../delivery/routing/source.ts';
import type { AlertmanagerFile, Inspected } from '../../inspection/model.ts';
import type { TextFile } from '../../inspection/read/read-model.ts';
import type { Address } from '../../stack/connection.ts';
import type { Stack } from '../../stack/stack.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { shownPath } from '../shown-path.ts';
import { misuse } from './options.ts';

/** What is asked about. */
export interface Subject {
  readonly source: RoutingSource;
  /** For people: `leitstand.yaml`, `http://127.0.0.1:9093`. */
  readonly from: string;
  /** Rejects with LS-CLI-001 where there are none to be had. */
  rules(): Promise<readonly RoutedRule[]>;
}

/** The stack's, or what `--alertmanager`, `--config` and `--files` name. */
export async function subjectOf(context: CommandContext, input: CommandInput): Promise<Subject> {
  const [url, config, files] = ['alertmanager', 'config', 'files'].map((name) => input.text(name));
  if (url !== undefined && config !== undefined)
    throw misuse('--alertmanager and --config do not go together', 'name the one that is meant');
  if (context.file !== undefined && (url ?? config ?? files) !== undefined)
    throw misuse(
      '--file goes with none of --alertmanager, --config and --files',
      'name the one that is meant',
    );
  const directory = files === undefined ? undefined : await filesIn(context, files);
  const rules = () => rulesIn(directory);
  if (url !== undefined) {
    const text = await askConfiguration(alertmanagerUrl(url), context.signal);
    return { source: await configured(text), from: url, rules };
  }
  if (config !== undefined) {
    const { readNamedFile } = await import('../../inspection/read/directory.ts');
    const path = resolve(context.cwd, config);
    const { file, text } = await readNamedFile(path, shownPath(context.cwd, path), 'alertmanager');
    return { source: await configured(text, file), from: file, rules };
  }
  return directory === undefined ? stackSubject(context) : directorySubject(directory, files ?? '');
}

async function configured(text: string, file?: string): Promise<RoutingSource> {
  const { configuredRouting } = await import('../../delivery/routing/source.ts');
  return configuredRouting(text, file);
}

async function askConfiguration(address: Address, signal: AbortSignal): Promise<string> {
  const { createAlertmanagerApi } = await import('../../components/alertmanager/api.ts');
  return (await createAlertmanagerApi(address, signal).status()).config;
}

function alertmanagerUrl(text: string): string {
  const url = URL.parse(text);
  if (url && ['http:', 'https:'].includes(url.protocol)) return text.replace(/\/+$/, '');
  throw misuse(
    `--alertmanager takes a URL, not \`${text}\``,
    `for a file: leitstand alert routes --config ${text}`,
  );
}

interface Directory {
  readonly model: Inspected;
  readonly files: readonly TextFile[];
}

async function filesIn(context: CommandContext, directory: string): Promise<Directory> {
  const [{ readDirectory }, { readModel }] = await Promise.all([
    import('../../inspection/read/directory.ts'),
    import('../../inspection/read/read-model.ts'),
  ]);
  const shown = (path: string) => shownPath(context.cwd, path);
  const { files } = await readDirectory(resolve(context.cwd, directory), shown);
  return { files, model: readModel({ origin: 'files', files, fileExists: () => undefined }) };
}

async function directorySubject({ model, files }: Directory, directory: string): Promise<Subject> {
  const [alertmanager, ...others] = model.alertmanagers;
  const text = files.find(({ file }) => file === alertmanager?.file)?.text;
  if (alertmanager === undefined || text === undefined)
    throw misuse(
      `there is no configuration of Alertmanager in ${directory}`,
      'name it: leitstand alert routes --config FILE',
    );
  if (others.length > 0)
    throw misuse(
      `there are several configurations of Alertmanager in ${directory}: ${model.alertmanagers.map(({ file }) => file).join(', ')}`,
      `name one: leitstand alert routes --config ${alertmanager.file} --files ${directory}`,
    );
  return {
    source: await configured(text, alertmanager.file),
    from: alertmanager.file,
    rules: () => routedRules(model, alertmanager),
  };
}

async function rulesIn(directory: Directory | undefined): Promise<readonly RoutedRule[]> {
  if (directory === undefined)
    throw misuse('--rules needs rules', 'name the directory of the rule files too: --files DIRECTORY');
  return routedRules(directory.model);
}

/** Of one Alertmanager of several, those that lie nearest to it. */
async function routedRules(
  model: Inspected,
  alertmanager?: AlertmanagerFile,
): Promise<readonly RoutedRule[]> {
  const [{ alertsOf, allRules, labelValue }, { isAlwaysFiring }] = await Promise.all([
    import('../../inspection/belonging.ts'),
    import('../../inspection/always-firing.ts'),
  ]);
  const rules = alertmanager ? alertsOf(model, alertmanager) : allRules(model);
  return rules
    .filter(({ kind, name }) => kind === 'alert' && !isForTests(name))
    .map((rule) => ({
      alert: rule.name,
      file: rule.file,
      line: rule.where.line,
      valueOf: (label: string) => labelValue(model, rule, label),
      isSignal: isAlwaysFiring(rule),
    }));
}

/** The rule of `alert test --from-prometheus`. */
function isForTests(name: string): boolean {
  return name.startsWith('LeitstandTest_');
}

async function stackSubject(context: CommandContext): Promise<Subject> {
  const { loadStack } = await import('../load-stack.ts');
  const stack = await loadStack(context);
  const { readModel } = await import('../../inspection/read/read-model.ts');
  const modelOf = (files: readonly TextFile[]) =>
    readModel({ origin: 'files', files, fileExists: () => undefined });
  if (stack.runtime === 'external') return attachedSubject(context, stack, modelOf);
  const { stackRouting } = await import('../../delivery/routing/source.ts');
  return {
    source: stackRouting(stack),
    from: shownPath(context.cwd, stack.file),
    rules: async () => routedRules(modelOf(await renderedRules(context, stack))),
  };
}

/** The shipped rules with the stack's settings, and the user's: as they are rendered, without any program being needed. */
async function renderedRules({ catalog, cwd }: CommandContext, stack: Stack): Promise<TextFile[]> {
  const [{ finalOffers }, { stringify }] = await Promise.all([
    import('../../deployment/offers.ts'),
    import('yaml'),
  ]);
  const offers = finalOffers(stack, await catalog.components());
  // By their text, which is rendered as it is.
  const own = new Map(
    await Promise.all(
      stack.rules.files.map(async (path) => [await readFile(path, 'utf8'), shownPath(cwd, path)] as const),
    ),
  );
  return [
    // The label that Prometheus adds to every alert.
    {
      file: 'prometheus.yml',
      text: stringify({ global: { external_labels: { stack: stack.name } }, scrape_configs: [] }),
      kind: 'prometheus',
    },
    ...offers.flatMap(({ ruleFiles }) =>
      ruleFiles.map(({ name, content }) => ({
        file: own.get(content) ?? name,
        text: content,
        kind: 'rules' as const,
      })),
    ),
  ];
}

async function attachedSubject(
  context: CommandContext,
  stack: Stack,
  modelOf: (files: readonly TextFile[]) => Inspected,
): Promise<Subject> {
  const { openRuntime } = await import('../open-runtime.ts');
  const runtime = await openRuntime(context, stack);
  if (!stack.components.some(({ name }) => name === 'alertmanager'))
    throw cliErrors.error('LS-CLI-003', {
      what: 'this stack has no Alertmanager',
      where: { file: stack.file },
      fix: 'add `alertmanager: {url: …}` under `attach:`; docs/attach.md shows it',
    });
  const address = runtime.connection('alertmanager', 0);
  const { shownUrl } = await import('../../stack/connection.ts');
  return {
    source: await configured(await askConfiguration(address, context.signal)),
    from: shownUrl(address),
    rules: async () => {
      const { attachedFiles } = await import('../attached-files.ts');
      const components = stack.components.filter(({ name }) => name === 'prometheus');
      if (components.length === 0)
        throw misuse('--rules needs rules, and no Prometheus is attached', 'add it under `attach:`');
      const { files } = await attachedFiles({ stack: { components }, runtime, signal: context.signal });
      return routedRules(
        modelOf(files.map(({ file, text }) => ({ file: shownPath(context.cwd, file), text }))),
      );
    },
  };
}
