import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { README, RESTORE_SCRIPT } from '../names.ts';

/** What lies in a repository for somebody who has its files and nothing else. */
export interface Guide {
  readonly name: string;
  readonly text: Buffer;
  readonly sha256: string;
}

export interface Guides {
  /** Of both; whoever changes one of them gives them the next. */
  readonly version: number;
  readonly readme: Guide;
  readonly restore: Guide;
}

/** Of guides that say none. */
export const FIRST_GUIDES = 1;

export async function readGuides(): Promise<Guides> {
  const guide = async (name: string): Promise<Guide> => {
    const text = await readFile(new URL(name, import.meta.url));
    return { name, text, sha256: hash('sha256', text, 'hex') };
  };
  const [readme, restore] = await Promise.all([guide(README), guide(RESTORE_SCRIPT)]);
  return { version: versionOf(restore), readme, restore };
}

function versionOf({ text }: Guide): number {
  return Number(/^# version: (\d+)$/m.exec(text.toString('utf8'))?.[1] ?? FIRST_GUIDES);
}
