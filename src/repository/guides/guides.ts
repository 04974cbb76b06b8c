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
  readonly readme: Guide;
  readonly restore: Guide;
}

export async function readGuides(): Promise<Guides> {
  const guide = async (name: string): Promise<Guide> => {
    const text = await readFile(new URL(name, import.meta.url));
    return { name, text, sha256: hash('sha256', text, 'hex') };
  };
  return { readme: await guide(README), restore: await guide(RESTORE_SCRIPT) };
}
