/** Backs trees up and restores them as another user than root. Arguments: directory, seed, runs. Prints what differs. */
import { join } from 'node:path';
import fc from 'fast-check';
import { roundTrip } from './tree-round-trip.ts';
import { tree } from './trees.ts';

const [directory = '', seed = '', runs = ''] = process.argv.slice(2);
let round = 0;
await fc.assert(
  fc.asyncProperty(tree, async (nodes) => {
    const found = await roundTrip(join(directory, String(round++)), nodes);
    if (found.length > 0) throw new Error(found.join('\n'));
  }),
  { numRuns: Number(runs), seed: Number(seed), endOnFailure: true },
);
process.stdout.write(`${process.getuid?.()}: ${round} trees`);
