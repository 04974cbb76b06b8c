import { dirname, resolve } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { ProvisionContext } from '../../runtimes/native/provision/source.ts';
import type { Program } from '../../stack/program.ts';
import type { Command, CommandContext } from '../command.ts';
import { plural } from '../terminal.ts';

export const cacheExportCommand: Command = {
  description: `Writes the programs that the stack needs into one file, for a machine without the internet: \`leitstand
cache import\` takes them in there. What is not in the cache yet is provided first. The file has a list of everything in
it with SHA-256 sums, at its end; its own sum is printed, to be compared on the other side. Both machines need the same
kind of processor.`,
  arguments: [{ name: 'file', description: 'compressed, unless its name ends in `.tar`', required: true }],
  options: [
    { flags: '--all', description: 'everything that is in the cache, whether a stack needs it or not' },
  ],
  examples: [
    { command: 'leitstand cache export programs.tar.gz', shows: 'what this stack needs' },
    { command: 'leitstand cache import programs.tar.gz', shows: 'on the other machine' },
  ],
  exits: ['6   a program cannot be had, or the file cannot be written'],
  run: async (context, input) => {
    const { openCache } = await import('../open-cache.ts');
    const { exportPrograms } = await import('../../runtimes/native/provision/bundle/export.ts');
    const cache = await openCache(context);
    const { cacheDir } = cache.provisioning;
    const directories = input.flag('all') ? await everything(cacheDir) : await needed(context);
    if (directories.length === 0) await refuse(cache);
    const file = resolve(context.cwd, input.args[0] ?? '');
    const { sha256, size } = await writeOrExplain(() =>
      exportPrograms({ cacheDir, directories, file }, cache),
    );
    return {
      exit: EXIT.ok,
      text: `${plural(directories.length, 'program')} in ${file}, ${formatSize(size)}\nSHA-256 ${sha256}`,
      json: { file, size, sha256, directories: [...directories] },
    };
  },
};

async function everything(cacheDir: string): Promise<string[]> {
  const { listCached } = await import('../../runtimes/native/provision/bundle/list.ts');
  const programs = await listCached(cacheDir);
  return programs.filter(({ intact }) => intact).map(({ directory }) => directory);
}

/** Provides what is missing. What is not Leitstand's to carry is named. */
async function needed(context: CommandContext): Promise<string[]> {
  const { openDeployment } = await import('../open-deployment.ts');
  const { neededPrograms } = await import('../../deployment/plans.ts');
  const { stack, components, provision } = await openDeployment(context);
  const programs = [...(await provision(neededPrograms(stack, components))).values()];
  const isCached = ({ origin }: Program) => origin !== 'configured' && origin !== 'system';
  for (const { name, path } of programs.filter((program) => !isCached(program)))
    context.output.talk(`${name} is not in the cache and is left out: ${path}`);
  return programs.filter(isCached).map(({ path }) => dirname(path));
}

async function refuse({ provisioning }: ProvisionContext): Promise<never> {
  const { provisionErrors } = await import('../../runtimes/native/provision/errors.ts');
  throw provisionErrors.error('LS-PROVISION-012', {
    what: `there is no program to export in ${provisioning.cacheDir}`,
    why: 'the cache is empty, or every program of the stack is named by its path or taken from this machine',
    fix: 'leitstand cache list',
  });
}

async function writeOrExplain<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const { exportError } = await import('../../runtimes/native/provision/errors.ts');
    throw exportError(error) ?? error;
  }
}
