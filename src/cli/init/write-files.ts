import { join } from 'node:path';
import { configJsonSchema } from '../../config/json-schema.ts';
import { exists, readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { pluginSchemas } from '../load-stack.ts';
import { shownPath } from '../shown-path.ts';
import type { Answers } from './answers.ts';
import { chosenPlugins } from './chosen-plugins.ts';
import { configText } from './config-text.ts';
import { type NamedSecret, secretsOf } from './secrets.ts';

const CONFIG = 'leitstand.yaml';
const IGNORED = ['.env', 'secrets/', '.leitstand/'];

export interface WrittenFile {
  /** Absolute. */
  readonly path: string;
  readonly what: string;
}

/** Throws LS-CLI-009 where a configuration is already: nothing is ever overwritten. */
export async function refuseExisting(context: CommandContext, directory: string): Promise<void> {
  const file = join(directory, CONFIG);
  if (!(await exists(file))) return;
  throw cliErrors.error('LS-CLI-009', {
    what: `there is a ${CONFIG} already`,
    where: { file: shownPath(context.cwd, file) },
    fix: 'go on with it (`leitstand plan`), or name another directory: leitstand init DIRECTORY',
  });
}

/**
 * Writes the files of a new stack into a directory that is claimed, `leitstand.yaml` last; what is there is completed, never
 * replaced. `recoveryKey`: public half of the key to which backups are encrypted.
 */
export async function writeStackFiles(
  context: CommandContext,
  directory: string,
  answers: Answers,
  recoveryKey: string | undefined,
): Promise<readonly WrittenFile[]> {
  const plugins = await chosenPlugins(context.catalog, answers);
  const secrets = secretsOf(answers, plugins);
  const written: WrittenFile[] = [];
  const write = async (name: string, what: string, text: string, mode = 0o644) => {
    const path = join(directory, name);
    await writeFileAtomic(path, text, { mode });
    written.push({ path, what });
  };
  const ignore = await withLines(join(directory, '.gitignore'), IGNORED);
  if (ignore !== undefined) await write('.gitignore', 'keeps secrets and data out of git', ignore);
  const schema = `${JSON.stringify(configJsonSchema(await pluginSchemas(context.catalog)), null, 2)}\n`;
  await write('leitstand.schema.json', 'for the editor: completes and checks keys', schema);
  if (!(await exists(join(directory, '.env.example'))))
    await write('.env.example', 'the names of the secrets and addresses', exampleText(answers, secrets));
  const dotenv = await dotenvText(context, directory, secrets);
  if (dotenv !== undefined) await write('.env', 'the secrets, for you alone', dotenv, 0o600);
  await write(CONFIG, 'the stack', configText(answers, plugins, recoveryKey));
  return written;
}

/** The file with the lines that it lacks; undefined when it has them all. */
async function withLines(path: string, lines: readonly string[]): Promise<string | undefined> {
  const text = (await readTextIfExists(path)) ?? '';
  const present = new Set(text.split(/\r?\n/).map((line) => line.trim()));
  const missing = lines.filter((line) => !present.has(line) && !present.has(line.replace(/\/$/, '')));
  if (missing.length === 0) return undefined;
  const joint = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${joint}${missing.join('\n')}\n`;
}

function exampleText({ name }: Answers, secrets: readonly NamedSecret[]): string {
  if (secrets.length === 0)
    return `# The stack ${name} has no secrets yet. NAME=value here becomes \${secret:NAME}.\n`;
  const entries = secrets.map((secret) => `# ${secret.what}\n${secret.name}=\n`);
  return `# The secrets of the stack ${name}. Copy to .env, fill in, chmod 600 .env; or keep each in a file secrets/NAME
# (chmod 600). Neither may get into git.

${entries.join('\n')}`;
}

/** Undefined when nothing has to be added. */
async function dotenvText(
  context: CommandContext,
  directory: string,
  secrets: readonly NamedSecret[],
): Promise<string | undefined> {
  const text = (await readTextIfExists(join(directory, '.env'))) ?? '';
  const missing = secrets.filter(
    ({ name, isNeeded }) => isNeeded && !new RegExp(`^\\s*(?:export\\s+)?${name}=`, 'm').test(text),
  );
  if (missing.length === 0) return undefined;
  const entries = missing.map(({ name, what, inboxValue }) => {
    const value = inboxValue ?? Buffer.from(context.random(20)).toString('hex');
    const now = inboxValue === undefined ? 'made at random' : 'until then the built-in inbox';
    return `# ${what} (${now})\n${name}=${value}\n`;
  });
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${entries.join('\n')}`;
}
