import { join } from 'node:path';
import type { LeitstandError } from '../platform/errors.ts';
import { type ResolveSecret, Secret } from '../stack/secret.ts';
import type { ConfigErrorCode } from './errors.ts';
import type { Variables } from './variables.ts';
import { readConfigFile } from './private-file.ts';

/** Why a secret cannot be had. An error of its own where another file is to blame. */
export type SecretProblem =
  | { readonly code: ConfigErrorCode; readonly what: string; readonly fix: string }
  | LeitstandError;

/** `secrets/NAME` beside the configuration file, then the environment, then `.env`. */
export async function findSecret(
  name: string,
  directory: string,
  environment: Variables,
): Promise<Secret | SecretProblem> {
  const path = join(directory, 'secrets', name);
  const file = await readConfigFile(path, 'LS-CONFIG-013');
  if (file instanceof Error) return file;
  if (file?.isOpenToOthers)
    return {
      code: 'LS-CONFIG-018',
      what: `the file of the secret ${name} can be read by others`,
      fix: `chmod 600 ${path}`,
    };
  const value = file?.text.replace(/\r?\n$/, '') ?? environment.lookUp(name);
  if (value === undefined)
    return {
      code: 'LS-CONFIG-013',
      what: `the secret ${name} is nowhere to be found`,
      fix: `add the line ${name}=… to ${environment.file}, or write the value to ${path} (mode 0600)`,
    };
  if (value === '')
    return {
      code: 'LS-CONFIG-013',
      what: `the secret ${name} is empty`,
      fix: emptyFix(name, { path: file && path, environment }),
    };
  if (!file && environment.comesFromOpenFile(name))
    return {
      code: 'LS-CONFIG-018',
      what: `the secret ${name} comes from a file that others can read`,
      fix: `chmod 600 ${environment.file}`,
    };
  return new Secret(value, `secret ${name}`);
}

function emptyFix(
  name: string,
  { path, environment }: { readonly path: string | undefined; readonly environment: Variables },
): string {
  if (path !== undefined) return `write its value to ${path}`;
  return environment.isInFile(name)
    ? `write its value behind ${name}= in ${environment.file}`
    : `the environment variable ${name} is set to nothing, and counts before .env: unset it, or give it the value`;
}

/** For what a schema has accepted: every reference was looked up while the file was loaded. */
export function secretResolver(secrets: ReadonlyMap<string, Secret>): ResolveSecret {
  return (input) => {
    if (typeof input === 'string') return new Secret(input, 'secret written in the configuration');
    const secret = secrets.get(input.name);
    if (!secret) throw new TypeError(`not a secret of the loaded configuration: ${input.name}`);
    return secret;
  };
}
