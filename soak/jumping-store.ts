import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../src/stack/store.ts';

/** From that moment (by the clock of the files' times) it is so much later than before; milliseconds. */
interface Jump {
  readonly at: number;
  readonly by: number;
}

const FILE = 'jumps.json';

/** Lets hours pass for every process that uses the directory's store through `jumpingStore`. */
export function jump(directory: string, hours: number): void {
  const probe = join(directory, 'now');
  writeFileSync(probe, '');
  const jumps = [...read(directory), { at: statSync(probe).mtimeMs, by: hours * 3_600_000 }];
  writeFileSync(join(directory, `${FILE}.new`), JSON.stringify(jumps));
  renameSync(join(directory, `${FILE}.new`), join(directory, FILE));
}

/** The store as it is when hours pass between two moments: for it and for what is in it. */
export function jumpingStore(store: Store, directory: string): Store {
  const later = (date: Date) => new Date(laterThan(date.getTime(), directory));
  return {
    ...store,
    time: async () => later(await store.time()),
    list: async function* (prefix) {
      for await (const object of store.list(prefix))
        yield { ...object, modifiedAt: later(object.modifiedAt) };
    },
  };
}

export function laterThan(time: number, directory: string): number {
  return read(directory).reduce((sum, { at, by }) => (time >= at ? sum + by : sum), time);
}

function read(directory: string): readonly Jump[] {
  try {
    return JSON.parse(readFileSync(join(directory, FILE), 'utf8')) as Jump[];
  } catch {
    return [];
  }
}
