import type { Fault, Misbehaviour, NewMisbehaviour } from '../stack/sandbox.ts';
import { type Database, prepared } from './database.ts';

/** What the inbox was told to do wrong. Those that are used up or over vanish. */
export interface Misbehaviours {
  add(misbehaviour: NewMisbehaviour): Misbehaviour;
  /** Those still in force, oldest first. */
  list(now: Date): Misbehaviour[];
  /** How many there were. `type`: of this type only. */
  clear(type?: string): number;
  /**
   * The oldest one in force that is `wanted`, counted as used once; undefined: behave. Any number of processes may
   * take: each use is given out once.
   */
  take(now: Date, wanted: (misbehaviour: Misbehaviour) => boolean): Misbehaviour | undefined;
}

export function misbehavioursIn(database: Database): Misbehaviours {
  return {
    add: (misbehaviour) =>
      database.write((inside) => {
        const { type, fault, times, until } = misbehaviour;
        const { lastInsertRowid } = inside
          .prepare('INSERT INTO misbehaviours (type, fault, times, "left", until) VALUES (?, ?, ?, ?, ?)')
          .run(type, JSON.stringify(fault), times ?? null, times ?? null, until ?? null);
        return { ...misbehaviour, id: Number(lastInsertRowid), left: times };
      }),
    list: (now) => database.read((inside) => inForce(inside, now)),
    clear: (type) =>
      database.write((inside) =>
        Number(
          inside.prepare('DELETE FROM misbehaviours WHERE ?1 IS NULL OR type = ?1').run(type ?? null).changes,
        ),
      ),
    take: (now, wanted) => {
      // Nearly always there is none, and a read waits for nobody.
      if (!database.read((inside) => inForce(inside, now).some(wanted))) return undefined;
      return database.write((inside) => {
        inside.prepare('DELETE FROM misbehaviours WHERE until <= ?').run(now.toISOString());
        const taken = inForce(inside, now).find(wanted);
        if (taken?.left !== undefined) useOnce(inside, { id: taken.id, left: taken.left });
        return taken;
      });
    },
  };
}

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

function inForce(database: Connection, now: Date): Misbehaviour[] {
  return prepared(database, 'SELECT * FROM misbehaviours WHERE until IS NULL OR until > ? ORDER BY id')
    .all(now.toISOString())
    .map(toMisbehaviour);
}

function useOnce(database: Connection, { id, left }: { readonly id: number; readonly left: number }): void {
  if (left > 1) database.prepare('UPDATE misbehaviours SET "left" = "left" - 1 WHERE id = ?').run(id);
  else database.prepare('DELETE FROM misbehaviours WHERE id = ?').run(id);
}

function toMisbehaviour(row: Readonly<Record<string, unknown>>): Misbehaviour {
  return {
    id: Number(row['id']),
    type: String(row['type']),
    fault: JSON.parse(String(row['fault'])) as Fault,
    times: row['times'] === null ? undefined : Number(row['times']),
    left: row['left'] === null ? undefined : Number(row['left']),
    until: typeof row['until'] === 'string' ? row['until'] : undefined,
  };
}
