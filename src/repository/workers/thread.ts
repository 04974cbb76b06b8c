// Begins the thread of a worker: does what it is asked for, one job after the other.
import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Question } from './crew.ts';

// A thread does not get it from the one that began it, and spends half of its start on compiling.
if (typeof workerData === 'string') enableCompileCache(workerData);
const [{ LeitstandError }, { handedOver, WORK }] = await Promise.all([
  import('../../platform/errors.ts'),
  import('./work.ts'),
]);

parentPort?.on('message', ({ id, name, job }: Question) => {
  try {
    const done: object = (WORK[name] as (asked: unknown) => object)(job);
    answer({ id, done }, handedOver(done));
  } catch (error) {
    answer({ id, failure: failureOf(error) }, []);
  }
});
answer('ready', []);

function answer(message: Answer, transfer: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(message, transfer);
}

function failureOf(error: unknown) {
  if (!(error instanceof LeitstandError)) return { error };
  const { cause: _, ...details } = error.details;
  return { code: error.code, exit: error.exit, details };
}
