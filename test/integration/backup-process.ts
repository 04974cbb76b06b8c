import { openWorld } from './backup-world.ts';

/** A backup as a process of its own, to be killed: prints each step as a line. */
const [directory = '', url = '', dataDir = ''] = process.argv.slice(2);
const world = await openWorld(directory);
await world.backup({ url, dataDir }, (text) => process.stdout.write(`${text}\n`));
world.history.close();
