import { join } from 'node:path';
import { LeitstandError } from '../src/platform/errors.ts';
import { type RunResult, runProgram } from '../src/platform/processes.ts';
import type { Fault } from './faulty-fs.ts';
import type { Job } from './worker.ts';

const PATIENCE_MS = 120_000;

/** Runs worker.ts; `fault` is what happens to its files. */
export function runWorker(job: Job, fault?: Fault): Promise<RunResult> {
  const hook = ['--import', join(import.meta.dirname, 'faulty-fs.ts')];
  return runProgram(
    process.execPath,
    [...(fault ? hook : []), join(import.meta.dirname, 'worker.ts'), JSON.stringify(job)],
    {
      env: { ...process.env, ...(fault ? { LEITSTAND_FAULT: JSON.stringify(fault) } : {}) },
      timeoutMs: PATIENCE_MS,
    },
  );
}

/** Our word for why a worker gave up: its code; undefined when it is none of ours. */
export function codeIn({ stderr }: RunResult): string | undefined {
  return new RegExp(`${LeitstandError.name}: (LS-[A-Z]+-\\d{3}):`).exec(stderr)?.[1];
}
