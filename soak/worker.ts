/** Does one thing to a repository, in a process of its own that may be killed. Argument: a `Job` as JSON. */
import { join } from 'node:path';
import { captureTree, openAt, type Place, placeIn, pruneRequest, SOURCE } from './repository-world.ts';

export type Work =
  | { readonly work: 'backup'; readonly source: string }
  | { readonly work: 'prune' }
  | { readonly work: 'verify' }
  | { readonly work: 'restore'; readonly snapshot: string; readonly target: string };

export type Job = Work & {
  readonly directory: string;
  /** How many hours later than now it is. */
  readonly laterHours: number;
};

/** What it has come to, for whoever started it. */
async function done(place: Place, job: Job): Promise<object> {
  const repository = await openAt(place, job.laterHours);
  switch (job.work) {
    case 'backup': {
      const capture = await captureTree(job.source);
      const { record, newBytes } = await repository.writeSnapshot({ source: SOURCE, stack: 'demo', capture });
      await repository.writeBackup({ stack: 'demo', snapshots: [record], startedAt: new Date() });
      return { snapshot: record.id, newBytes };
    }
    case 'prune':
      return await repository.prune(pruneRequest());
    case 'verify': {
      const { findings, counts } = await repository.verify({ level: 'stored', rotateDays: 30 });
      return { findings, counts };
    }
    case 'restore': {
      const { files, kept } = await repository.restore({
        owner: 'own',
        snapshot: job.snapshot,
        target: join(job.directory, job.target),
      });
      return { files, kept };
    }
  }
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
process.stdout.write(JSON.stringify(await done(placeIn(job.directory), job)));
