import { dirname, join } from 'node:path';
import { readTextIfExists } from '../platform/files.ts';
import type { FileSource } from '../stack/source.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { loadStackConfig, pluginSchemas } from './load-stack.ts';
import { leitstandVersion } from './version.ts';

/** Leitstand's own files as a thing to back up. */
export async function openOwnSource(context: CommandContext, stack: Stack): Promise<FileSource> {
  const [{ ownSource }, { linesWithSecrets }, { LOCK_FILE }, schemas] = await Promise.all([
    import('../backup/own-source.ts'),
    import('../config/written-secrets.ts'),
    import('../runtimes/native/provision/release/lock-file.ts'),
    pluginSchemas(context.catalog),
  ]);
  const directory = dirname(stack.file);
  return ownSource({
    stack,
    isEncrypted: stack.backup.recoveryKeys.length > 0,
    version: leitstandVersion(),
    env: context.env,
    lockFile: join(directory, LOCK_FILE),
    linesWithSecrets: (text) => linesWithSecrets(text, schemas),
    readStack: async (file, secrets) => {
      const env = { ...(await valuesIn(join(directory, '.env'))), ...context.env };
      // The restored tree has none: what is asked is whether it loads once they are there.
      for (const name of secrets) env[name] ??= 'restored-later';
      return (await loadStackConfig({ ...context, file, env })).document.stack;
    },
  });
}

async function valuesIn(file: string): Promise<Record<string, string | undefined>> {
  const { parseDotenv } = await import('../config/dotenv.ts');
  return Object.fromEntries(parseDotenv((await readTextIfExists(file)) ?? '').values);
}
