import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { readProofHead } from '../history/examine.ts';
import { exists, writeFileAtomic } from '../platform/files.ts';
import type { FileSource } from '../stack/source.ts';
import { capture, DATABASE } from './own-source/capture.ts';
import { compareFiles } from './own-source/compare.ts';
import type { OwnSourceOptions } from './own-source/options.ts';

/** Its name among the sources; no component has it. */
export const OWN_SOURCE = 'leitstand';

/**
 * What makes a stack this stack: its configuration, rules and pinned programs, and the history with its proofs. A
 * restored tree is one from which `leitstand up` works once the secrets are in it again.
 */
export function ownSource(options: OwnSourceOptions): FileSource {
  const restorePath = restorePathOf(statePlace(options.stack));
  return {
    component: OWN_SOURCE,
    capture: (context) => capture(options, context),
    restorePath,
    compareFiles: (context) => compareFiles(options, restorePath, context),
    damage: (dataDir) => damage(dataDir, restorePath(DATABASE), basename(options.stack.file)),
    notProven: [
      'that the secrets are still to be had: their values are not in the backup',
      'that `leitstand up` succeeds with the restored configuration: programs, ports and disks may be others',
      "the programs' own data: each component has a snapshot of its own",
    ],
  };
}

/** How its files lie where they were restored from another machine's backup: with the usual state directory. */
export const ownRestorePath = restorePathOf('.leitstand');

function restorePathOf(state: string): (path: string) => string {
  return (path) => path.replace(/^config\//, '').replace(/^state\//, `${state}/`);
}

/** The state directory's place below the configuration's, or the usual one where it lies elsewhere. */
function statePlace({ file, stateDir }: OwnSourceOptions['stack']): string {
  const near = relative(dirname(file), stateDir);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? '.leitstand' : near;
}

/** The newest proof's hash, wherever it is written; without a proof one letter of the configuration. */
async function damage(dataDir: string, database: string, configuration: string): Promise<string> {
  const path = join(dataDir, database);
  const head = (await exists(path)) ? readProofHead(path) : undefined;
  if (head) {
    const bytes = await readFile(path);
    for (let at = bytes.indexOf(head.hash); at !== -1; at = bytes.indexOf(head.hash, at + 1))
      bytes[at] = (bytes[at] ?? 0) === 0x30 ? 0x31 : 0x30;
    await writeFileAtomic(path, bytes, { mode: 0o600 });
    return `one digit of the hash of proof ${head.id} changed in ${database}`;
  }
  const file = join(dataDir, configuration);
  const bytes = await readFile(file);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFileAtomic(file, bytes);
  return `one bit flipped in the last byte of ${configuration}`;
}
