import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { duration, port, secret, size } from '../../src/config/fields.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import type { PluginSchemas } from '../../src/config/schema.ts';
import { renderError } from '../../src/platform/error-text.ts';
import { LeitstandErrors } from '../../src/platform/errors.ts';
import type { EnvironmentName } from '../../src/stack/stack.ts';

/** Plug-in schemas with every kind of field. */
export const SCHEMAS: PluginSchemas = {
  components: {
    prometheus: z.strictObject({
      port: port().default(9090).describe('Where it listens.'),
      retention: duration().default('15d').describe('How long samples are kept.'),
      scrape_interval: duration({ min: '1s' }).default('15s').describe('How often targets are asked.'),
      memory: size().optional().describe('Memory limit.'),
      labels: z.record(z.string(), z.string()).default({}).describe('Labels of this server.'),
      agent: z.boolean().default(false).describe('Whether it only forwards.'),
      shards: z.int().min(1).max(16).default(1).describe('How many servers share the targets.'),
    }),
    alertmanager: z.strictObject({
      port: port().default(9093).describe('Where it listens.'),
      cluster_port: port().optional().describe('Where its peers find it.'),
    }),
  },
  receivers: {
    slack: z.strictObject({
      webhook_url: secret().describe('The address that Slack gave out.'),
      channel: z
        .string()
        .regex(/^[#@]/, 'must start with # or @')
        .describe('Channel or person.')
        .meta({ examples: ['#monitoring'] }),
    }),
    webhook: z.strictObject({
      url: z.url().describe('Where to post.'),
      password: secret().optional().describe('For basic authentication.'),
    }),
  },
};

/** What every file needs; tests add their own lines. */
export const HEAD = 'schema: 1\nstack: rathaus-nord\n';

export interface Files {
  readonly [path: string]: string;
}

/** A directory with `leitstand.yaml`, and further files with the modes that are safe for them. */
export async function inDirectory<T>(files: Files, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'leitstand-config-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
      await chmod(join(directory, path), 0o600);
    }
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export function load(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
  files: Files = {},
  environment?: EnvironmentName,
): Promise<LoadedConfig> {
  return inDirectory({ 'leitstand.yaml': yaml, ...files }, (directory) =>
    loadIn(directory, env, environment),
  );
}

export function loadIn(
  directory: string,
  env: Readonly<Record<string, string>> = {},
  environment?: EnvironmentName,
): Promise<LoadedConfig> {
  return loadConfig({ file: join(directory, 'leitstand.yaml'), schemas: SCHEMAS, env, environment });
}

/** All mistakes as people read them; the directory is shown as nothing. */
export function mistakes(
  yaml: string,
  env: Readonly<Record<string, string>> = {},
  files: Files = {},
  environment?: EnvironmentName,
): Promise<string> {
  return inDirectory({ 'leitstand.yaml': yaml, ...files }, (directory) =>
    mistakesIn(directory, env, environment),
  );
}

export async function mistakesIn(
  directory: string,
  env: Readonly<Record<string, string>> = {},
  environment?: EnvironmentName,
): Promise<string> {
  const errors = await errorsOf(loadIn(directory, env, environment));
  const text = errors.errors.map((error) => renderError(error, { colour: false })).join('\n\n');
  return `\n${text.replaceAll(`${directory}/`, '')}\n`;
}

export async function errorsOf(loading: Promise<unknown>): Promise<LeitstandErrors> {
  try {
    await loading;
  } catch (error) {
    if (error instanceof LeitstandErrors) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}
