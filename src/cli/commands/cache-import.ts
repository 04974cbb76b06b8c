import { resolve } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

export const cacheImportCommand: Command = {
  description: `Takes the programs of a file that \`leitstand cache export\` wrote into the cache. Everything is verified
before anything counts: each file against the list in the archive, each program against its record and against
\`leitstand.lock\` where there is a stack. A file with anything wrong in it is refused as a whole.`,
  arguments: [{ name: 'file', description: 'what `leitstand cache export` wrote', required: true }],
  examples: [
    { command: 'leitstand cache import programs.tar.gz', shows: 'take the programs in' },
    { command: 'leitstand cache list', shows: 'afterwards: what is there' },
  ],
  exits: ['6   something in the file is not what it should be; the cache is as it was'],
  run: async (context, input) => {
    const { openCache } = await import('../open-cache.ts');
    const { importPrograms } = await import('../../runtimes/native/provision/bundle/import.ts');
    const cache = await openCache(context);
    const { entries, sha256 } = await importPrograms(resolve(context.cwd, input.args[0] ?? ''), cache);
    const rows = entries.map(({ name, version, origin, size }) => [name, version, origin, formatSize(size)]);
    return {
      exit: EXIT.ok,
      text: `${table([['PROGRAM', 'VERSION', 'FROM', 'SIZE'], ...rows])}\n\nIn ${cache.provisioning.cacheDir}; SHA-256 of the file ${sha256}`,
      json: JSON.parse(JSON.stringify({ sha256, entries })),
    };
  },
};
