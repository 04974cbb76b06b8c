import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

export const cacheListCommand: Command = {
  description: `Lists the programs in the cache, with the version and where each came from. What is not finished is not
listed. An entry may be removed at any time while nothing runs from it; it is had again when it is needed.`,
  examples: [{ command: 'leitstand cache list', shows: 'what is there without the network' }],
  exits: ['1   a program is not the one that was put there; it is named'],
  run: async (context) => {
    const { openCache } = await import('../open-cache.ts');
    const { listCached } = await import('../../runtimes/native/provision/bundle/list.ts');
    const { provisioning } = await openCache(context);
    const programs = await listCached(provisioning.cacheDir);
    const rows = programs.map(({ name, version, origin, size, intact, directory }) => [
      name,
      version,
      origin,
      formatSize(size),
      intact ? 'ok' : 'DAMAGED',
      directory,
    ]);
    return {
      exit: programs.every(({ intact }) => intact) ? EXIT.ok : EXIT.no,
      text:
        rows.length === 0
          ? `There are no programs in ${provisioning.cacheDir} yet.`
          : table([['PROGRAM', 'VERSION', 'FROM', 'SIZE', 'STATE', 'DIRECTORY'], ...rows]),
      json: JSON.parse(JSON.stringify(programs)),
    };
  },
};
