import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import type { ConfigDocument } from '../config/schema.ts';
import { cacheDirectory } from '../platform/environment.ts';
import { LeitstandErrors } from '../platform/errors.ts';
import { exists, readTextIfExists } from '../platform/files.ts';
import type { SalvagedStack, Stack } from '../stack/stack.ts';
import type { Catalog, CommandContext } from './command.ts';
import { cliErrors } from './errors.ts';
import { shownPath } from './shown-path.ts';
import { emptyStack, stackOf } from './stack-of-document.ts';

const FILE_NAME = 'leitstand.yaml';

/** The named file, or the nearest one upward to the git root. */
export async function findConfigFile(context: Pick<CommandContext, 'file' | 'cwd'>): Promise<string> {
  if (context.file !== undefined) return resolve(context.cwd, context.file);
  for (let directory = context.cwd; ; directory = dirname(directory)) {
    const candidate = join(directory, FILE_NAME);
    if (await exists(candidate)) return candidate;
    if ((await exists(join(directory, '.git'))) || dirname(directory) === directory) break;
  }
  throw cliErrors.error('LS-CLI-002', {
    what: `there is no ${FILE_NAME} in ${context.cwd} or above`,
    fix: `go to its directory, or name it with \`--file PATH\`; a new stack begins with \`leitstand init\``,
  });
}

/** Parses the file once into a frozen stack; every mistake of the file in one throw. */
export async function loadStack(context: CommandContext): Promise<Stack> {
  const [config, components, receivers] = await Promise.all([
    loadStackConfig(context),
    context.catalog.components(),
    context.catalog.receivers(),
  ]);
  return stackOf(config, { components, receivers, env: context.env });
}

/** The accepted file, before it becomes a stack. */
export async function loadStackConfig(context: CommandContext): Promise<LoadedConfig> {
  const file = shownPath(context.cwd, await findConfigFile(context));
  const [{ loadConfig }, schemas] = await Promise.all([
    import('../config/load.ts'),
    pluginSchemas(context.catalog),
  ]);
  const config = await loadConfig({ file, env: context.env, schemas, environment: context.environment });
  assertSensible(file, config.document);
  return config;
}

/** What the schema cannot tell: plug-ins do not know each other. */
function assertSensible(file: string, document: ConfigDocument): void {
  const components = Object.keys(document.components);
  const attached = Object.keys(document.attach ?? {});
  if (components.length > 0 && attached.length > 0) {
    throw cliErrors.error('LS-CLI-005', {
      what: 'the file has `components` and `attach`',
      why: 'a stack is run either by Leitstand or by somebody else',
      where: { file },
      fix: 'put what runs already into a file of its own, with a `stack` name of its own',
    });
  }
  if (attached.length > 0 && Object.keys(document.receivers).length > 0) {
    throw cliErrors.error('LS-CLI-005', {
      what: 'the file has `receivers` and `attach`',
      why: 'whom an attached Alertmanager tells stands in its own configuration, and Leitstand does not change it',
      where: { file },
      fix: 'take `receivers` and `routing` out: `leitstand alert test` asks the attached Alertmanager',
    });
  }
  const hosted = hostedSetting(document);
  if (attached.length > 0 && hosted !== undefined) {
    throw cliErrors.error('LS-CLI-005', {
      what: `the file has \`attach\` and \`${hosted}\``,
      why: 'beside programs that somebody else runs there is no daemon, which would run jobs and serve the page',
      where: { file },
      fix: `take \`${hosted}\` out; systemd or cron can run the jobs: leitstand schedule install`,
    });
  }
  if (attached.length > 0) return;
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

/** What only a daemon of ours could do. */
function hostedSetting({ alert_test, backup }: ConfigDocument): string | undefined {
  if (alert_test.enabled === true) return 'alert_test.enabled';
  if (alert_test.public_url !== undefined) return 'alert_test.public_url';
  return backup.schedule.enabled === true ? 'backup.schedule.enabled' : undefined;
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

/** What a file with mistakes still tells; undefined when its places cannot be read, or are `needed` and not there. */
export async function salvageStack(
  context: CommandContext,
  places: 'needed' | 'perhaps' = 'needed',
): Promise<SalvagedStack | undefined> {
  const file = await findConfigFile(context);
  const text = await readTextIfExists(file);
  if (text === undefined) return undefined;
  const [{ salvageConfig }, { loadVariables }] = await Promise.all([
    import('../config/salvage.ts'),
    import('../config/variables.ts'),
  ]);
  const { environment: variables } = await loadVariables(dirname(file), context.env);
  const asked = context.environment ?? variables.lookUp('LEITSTAND_ENV');
  const { stack, environment, stateDir: stated, ...salvaged } = salvageConfig(text, asked);
  const { backupDirectory, isBackupElsewhere } = salvaged;
  if (environment === undefined || stated === undefined || backupDirectory === undefined) return undefined;
  const stateDir = resolve(dirname(file), stated ?? '.leitstand');
  if (places === 'needed' && !(await exists(stateDir))) return undefined;
  return {
    ...emptyStack(stack ?? 'stack', file, stateDir),
    environment,
    isEnvironmentChosen: asked !== undefined,
    salvaged: true,
    backup: {
      ...NOT_READ,
      store:
        isBackupElsewhere === true
          ? { kind: 'unknown' }
          : {
              kind: 'directory',
              path:
                backupDirectory === null
                  ? join(stateDir, 'repository')
                  : resolve(dirname(file), backupDirectory),
            },
    },
    provision: { sources: [], paths: {}, cacheDir: cacheDirectory(context.env, homedir()) },
  };
}

/** Nothing is deleted, and nothing is done by itself, by a file with mistakes. */
const NOT_READ = {
  recoveryKeys: [],
  schedule: { enabled: false, location: 'UTC', jitterMs: 0, times: {}, maxAgeMs: {} },
  retention: { days: Infinity, weeks: 0, months: 0, years: 0 },
  retentionOf: {},
  verify: { days: 30 },
  metrics: { prefix: 'sva', service: 'monitoring', push: false },
};

/** The schemas of all plug-ins, as the configuration is composed from them. */
export async function pluginSchemas(catalog: Catalog) {
  const [components, receivers] = await Promise.all([catalog.components(), catalog.receivers()]);
  return {
    components: Object.fromEntries([...components].map(([name, { schema }]) => [name, schema])),
    receivers: Object.fromEntries([...receivers].map(([type, { schema }]) => [type, schema])),
  };
}
