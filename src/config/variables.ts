import { join } from 'node:path';
import type { LeitstandError } from '../platform/errors.ts';
import { parseDotenv } from './dotenv.ts';
import { configErrors } from './errors.ts';
import { readConfigFile } from './private-file.ts';

/** Environment variables, and below them those of `.env`. */
export interface Variables {
  /** The `.env` file's path, whether it is there or not. */
  readonly file: string;
  lookUp(name: string): string | undefined;
  /** The variable is taken from `.env`, and others than its owner may read that file. */
  comesFromOpenFile(name: string): boolean;
  /** The variable is taken from `.env`. */
  isInFile(name: string): boolean;
}

export async function loadVariables(
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly environment: Variables; readonly errors: readonly LeitstandError[] }> {
  const path = join(directory, '.env');
  const file = await readConfigFile(path, 'LS-CONFIG-002');
  const isRead = file !== undefined && !(file instanceof Error);
  const { values, problems } = parseDotenv(isRead ? file.text : '');
  const errors = problems.map(({ line, what, fix }) =>
    configErrors.error('LS-CONFIG-019', { what, fix, where: { file: path, line } }),
  );
  const environment: Variables = {
    file: path,
    lookUp: (name) => own(env, name) ?? values.get(name),
    isInFile: (name) => own(env, name) === undefined && values.has(name),
    comesFromOpenFile: (name) => own(env, name) === undefined && isRead && file.isOpenToOthers,
  };
  return { environment, errors: file instanceof Error ? [file] : errors };
}

/** `constructor` is no environment variable. */
function own(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}
