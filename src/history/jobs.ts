import type { Database } from './database.ts';
import type { JobOutcome, JobPause, JobRun } from '../stack/job.ts';
import { readOnly } from './read-only.ts';

export interface JobEnd {
  readonly outcome: JobOutcome;
  readonly exit?: number | undefined;
  readonly reason?: string | undefined;
}

/** What tells whether a job is due. */
export interface JobRecord {
  /** Since when it has this schedule: runs before that were never due. Absent: nobody has taken it up yet. */
  readonly since: Date | undefined;
  /** The newest 50, newest first. */
  readonly runs: readonly JobRun[];
  /** The last one, which may be over. */
  readonly pause?: JobPause | undefined;
}

/** The newest 1,000 runs are kept. */
export interface Jobs {
  /** From now on it has this schedule; nothing changes when it had it before. */
  note(name: string, schedule: string, now: Date): void;
  record(name: string, schedule: string): JobRecord;
  begin(run: { readonly job: string; readonly dueAt?: Date | undefined; readonly now: Date }): number;
  /** It has to wait, for what `reason` says. */
  hold(id: number, reason: string): void;
  /** Its turn has come: what counts as its beginning. */
  proceed(id: number, now: Date): void;
  end(id: number, end: JobEnd, now: Date): void;
  /** For who knows that the job does not run: those of its runs that have no end are lost. */
  lose(job: string, now: Date): void;
  /** In place of one that is there. */
  pause(job: string, pause: { readonly since: Date; readonly until: Date }): void;
  /** The one that holds now is over; false: there was none. */
  resume(job: string, now: Date): boolean;
  /** Newest first. */
  runs(search: { readonly limit: number; readonly job?: string | undefined }): JobRun[];
}

const KEPT_RUNS = 1_000;
const RECORDED_RUNS = 50;
const PATIENCE_MS = 50;

type Connection = Parameters<Parameters<Database['read']>[0]>[0];

export function jobsIn(database: Database): Jobs {
  return {
    note: (name, schedule, now) => database.write((inside) => note(inside, name, schedule, now)),
    record: (name, schedule) => database.read((inside) => recordOf(inside, name, schedule)),
    begin: ({ job, dueAt, now }) =>
      database.write((inside) => {
        const { lastInsertRowid } = inside
          .prepare('INSERT INTO job_runs (job, due_at, started_at) VALUES (?, ?, ?)')
          .run(job, dueAt?.getTime() ?? null, now.getTime());
        const id = Number(lastInsertRowid);
        inside.prepare('DELETE FROM job_runs WHERE id <= ?').run(id - KEPT_RUNS);
        return id;
      }),
    hold: (id, reason) =>
      database.write((inside) => {
        inside.prepare('UPDATE job_runs SET reason = ? WHERE id = ?').run(reason, id);
      }),
    proceed: (id, now) =>
      database.write((inside) => {
        inside
          .prepare('UPDATE job_runs SET started_at = ?, reason = NULL WHERE id = ?')
          .run(now.getTime(), id);
      }),
    end: (id, { outcome, exit, reason }, now) =>
      database.write((inside) => {
        inside
          .prepare('UPDATE job_runs SET ended_at = ?, outcome = ?, exit = ?, reason = ? WHERE id = ?')
          .run(now.getTime(), outcome, exit ?? null, reason ?? null, id);
      }),
    lose: (job, now) =>
      database.write((inside) => {
        inside
          .prepare("UPDATE job_runs SET ended_at = ?, outcome = 'lost' WHERE job = ? AND ended_at IS NULL")
          .run(now.getTime(), job);
      }),
    pause: (job, { since, until }) =>
      database.write((inside) => {
        inside
          .prepare(
            'INSERT INTO job_pauses VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET since = ?2, until = ?3',
          )
          .run(job, since.getTime(), until.getTime());
      }),
    resume: (job, now) =>
      database.write((inside) => {
        const { changes } = inside
          .prepare('UPDATE job_pauses SET until = ?1 WHERE job = ?2 AND until > ?1')
          .run(now.getTime(), job);
        return Number(changes) > 0;
      }),
    runs: ({ limit, job }) => database.read((inside) => runsOf(inside, job, limit)),
  };
}

function note(inside: Connection, name: string, schedule: string, now: Date): void {
  const since = sinceOf(inside, name, schedule);
  // A time that lies ahead is of a clock that was wrong.
  if (since && since <= now) return;
  inside
    .prepare('INSERT INTO jobs VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET schedule = ?2, since = ?3')
    .run(name, schedule, now.getTime());
}

function recordOf(inside: Connection, name: string, schedule: string): JobRecord {
  return {
    since: sinceOf(inside, name, schedule),
    runs: runsOf(inside, name, RECORDED_RUNS),
    pause: pauseOf(inside, name),
  };
}

function pauseOf(inside: Connection, job: string): JobPause | undefined {
  const row = inside.prepare('SELECT since, until FROM job_pauses WHERE job = ?').get(job);
  const time = (column: string) => new Date(Number(row?.[column])).toISOString();
  return row && { since: time('since'), until: time('until') };
}

function sinceOf(inside: Connection, name: string, schedule: string): Date | undefined {
  const row = inside.prepare('SELECT since FROM jobs WHERE name = ? AND schedule = ?').get(name, schedule);
  return row && new Date(Number(row['since']));
}

function runsOf(inside: Connection, job: string | undefined, limit: number): JobRun[] {
  return inside
    .prepare('SELECT * FROM job_runs WHERE ?1 IS NULL OR job = ?1 ORDER BY id DESC LIMIT ?2')
    .all(job ?? null, limit)
    .map(toRun);
}

/** Of each job, for who only looks; see `readOnly`. */
export function readJobRecords(
  path: string,
  jobs: readonly { readonly name: string; readonly schedule: string }[],
): JobRecord[] {
  const records = readOnly(path, PATIENCE_MS, (inside) =>
    jobs.map(({ name, schedule }) => recordOf(inside, name, schedule)),
  );
  return records ?? jobs.map(() => ({ since: undefined, runs: [] }));
}

function toRun(row: Readonly<Record<string, unknown>>): JobRun {
  const time = (name: string, column: string) =>
    row[column] === null ? {} : { [name]: new Date(Number(row[column])).toISOString() };
  return {
    id: Number(row['id']),
    job: String(row['job']),
    startedAt: new Date(Number(row['started_at'])).toISOString(),
    ...time('dueAt', 'due_at'),
    ...time('endedAt', 'ended_at'),
    ...(row['outcome'] === null ? {} : { outcome: row['outcome'] as JobOutcome }),
    ...(row['exit'] === null ? {} : { exit: Number(row['exit']) }),
    ...(row['reason'] === null ? {} : { reason: row['reason'] as string }),
  };
}
