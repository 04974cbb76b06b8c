import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ConfigDocument } from '../config/schema.ts';
import { cacheDirectory } from '../platform/environment.ts';
import { LeitstandErrors } from '../platform/errors.ts';
import { exists, readTextIfExists } from '../platform/files.ts';
import { durationMs } from '../platform/units.ts';
import type { Integration } from '../stack/receiver.ts';
import type { SalvagedStack, Stack } from '../stack/stack.ts';
import type { Catalog, CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';
import { shownPath } from './shown-path.ts';

const FILE_NAME = 'leitstand.yaml';

/** The named file, or the nearest one upward to the git root. */
async function findConfigFile(context: Pick<CommandContext, 'file' | 'cwd'>): Promise<string> {
  if (context.file !== undefined) return resolve(context.cwd, context.file);
  for (let directory = context.cwd; ; directory = dirname(directory)) {
    const candidate = join(directory, FILE_NAME);
    if (await exists(candidate)) return candidate;
    if ((await exists(join(directory, '.git'))) || dirname(directory) === directory) break;
  }
  throw cliErrors.error('LS-CLI-002', {
    what: `there is no ${FILE_NAME} in ${context.cwd} or above`,
    fix: `go to its directory or name it with \`--file PATH\`; \`leitstand demo\` writes one to learn from`,
  });
}

/** Parses the file once into a frozen stack; every mistake of the file in one throw. */
export async function loadStack(context: CommandContext): Promise<Stack> {
  const file = shownPath(context.cwd, await findConfigFile(context));
  const [{ loadConfig }, receivers] = await Promise.all([
    import('../config/load.ts'),
    context.catalog.receivers(),
  ]);
  const config = await loadConfig({ file, env: context.env, schemas: await pluginSchemas(context.catalog) });
  const { document, directory } = config;
  const integrations: Integration[] = [];
  for (const [receiver, types] of Object.entries(document.receivers)) {
    for (const [type, list] of Object.entries(types)) {
      for (const [index, integration] of (list as readonly unknown[]).entries()) {
        const plugin = receivers.get(type);
        if (plugin) {
          integrations.push(
            plugin.integration(integration, { receiver, index, resolve: config.resolveSecret }),
          );
        }
      }
    }
  }
  assertSensible(file, document);
  const stateDir = resolve(directory, document.state_dir ?? '.leitstand');
  const names = Object.keys(document.receivers);
  return Object.freeze({
    name: document.stack,
    file: config.file,
    stateDir,
    components: Object.entries(document.components).map(([name, value]) => ({ name, config: value })),
    integrations,
    receivers: names,
    routing: {
      severities: Object.entries(document.routing.severity).map(([severity, receiver]) => ({
        severity,
        receiver,
      })),
      default: document.routing.default ?? names[0] ?? '',
      groupWaitMs: durationMs(document.routing.group_wait),
      groupIntervalMs: durationMs(document.routing.group_interval),
      repeatIntervalMs: durationMs(document.routing.repeat_interval),
    },
    inbox: document.inbox,
    backup: {
      directory:
        document.backup.directory === undefined
          ? join(stateDir, 'repository')
          : resolve(directory, document.backup.directory),
    },
    provision: {
      sources: document.provision.sources,
      paths: document.provision.paths,
      cacheDir: document.provision.cache_dir ?? cacheDirectory(context.env, homedir()),
    },
  } satisfies Stack);
}

/** What the schema cannot tell: plug-ins do not know each other. */
function assertSensible(file: string, document: ConfigDocument): void {
  const components = Object.keys(document.components);
  if (components.length === 0) {
    throw cliErrors.error('LS-CLI-005', {
      what: 'the stack has no components',
      why: '`up` would stop everything that runs',
      where: { file },
      fix: 'name them under `components:`; to stop the stack: leitstand down',
    });
  }
  if (Object.keys(document.receivers).length > 0 && !components.includes('alertmanager')) {
    throw cliErrors.error('LS-CLI-005', {
      what: 'there are receivers, and no Alertmanager that would notify them',
      where: { file },
      fix: 'add `alertmanager:` under `components:`',
    });
  }
}

/**
 * For commands that must work when the file does not: stopping, looking, restoring. With mistakes in the file the stack
 * is what its state directory says, without components and receivers; the mistakes are named on stderr.
 */
export async function loadStackInNeed(context: CommandContext): Promise<Stack> {
  try {
    return await loadStack(context);
  } catch (error) {
    const mistakes = error instanceof LeitstandErrors ? error.errors : [];
    const stack = mistakes.length > 0 ? await salvageStack(context) : undefined;
    if (!stack) throw error;
    const what = mistakes.map(({ message }) => `  ${message}`).join('\n');
    context.output.talk(
      `warning: ${shownPath(context.cwd, stack.file)} has mistakes; going by ${stack.stateDir} alone\n${what}`,
    );
    return stack;
  }
}

async function salvageStack(context: CommandContext): Promise<SalvagedStack | undefined> {
  const file = await findConfigFile(context);
  const text = await readTextIfExists(file);
  if (text === undefined) return undefined;
  const { salvageConfig } = await import('../config/salvage.ts');
  const { stack, stateDir: stated, backupDirectory } = salvageConfig(text);
  if (stated === undefined || backupDirectory === undefined) return undefined;
  const stateDir = resolve(dirname(file), stated ?? '.leitstand');
  if (!(await exists(stateDir))) return undefined;
  return {
    salvaged: true,
    name: stack ?? 'stack',
    file,
    stateDir,
    components: [],
    integrations: [],
    receivers: [],
    routing: { severities: [], default: '', groupWaitMs: 0, groupIntervalMs: 0, repeatIntervalMs: 0 },
    inbox: { enabled: false, port: 0 },
    backup: {
      directory:
        backupDirectory === null ? join(stateDir, 'repository') : resolve(dirname(file), backupDirectory),
    },
    provision: { sources: [], paths: {}, cacheDir: cacheDirectory(context.env, homedir()) },
  };
}

/** The schemas of all plug-ins, as the configuration is composed from them. */
export async function pluginSchemas(catalog: Catalog) {
  const [components, receivers] = await Promise.all([catalog.components(), catalog.receivers()]);
  return {
    components: Object.fromEntries([...components].map(([name, { schema }]) => [name, schema])),
    receivers: Object.fromEntries([...receivers].map(([type, { schema }]) => [type, schema])),
  };
}
