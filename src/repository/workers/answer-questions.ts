// What a thread does: what it is asked for, one job after the other.
import { parentPort } from 'node:worker_threads';
import { LeitstandError } from '../../platform/errors.ts';
import type { Answer, Question } from './crew.ts';
import { handedOver, WORK } from './work.ts';

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
