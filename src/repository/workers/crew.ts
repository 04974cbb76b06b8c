import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { type ErrorDetails, LeitstandError } from '../../platform/errors.ts';
import type { ExitCode } from '../../platform/exit-codes.ts';
import { type Share, takerAmong, weightOf } from './share-work.ts';
import { type Done, handedOver, type Job, WORK, type WorkName } from './work.ts';

export interface Question {
  readonly id: number;
  readonly name: WorkName;
  readonly job: object;
}

type Failure =
  | { readonly error: unknown }
  | { readonly code: string; readonly exit: ExitCode; readonly details: ErrorDetails };

export type Answer =
  | 'ready'
  | { readonly id: number; readonly done: object }
  | { readonly id: number; readonly failure: Failure };

/** Does the work of a backup that takes the processor's time. */
export interface Crew {
  run<Name extends WorkName>(name: Name, job: Job<Name>): Promise<Done<Name>>;
  /** Ends the threads; work that is under way is given up. */
  close(): Promise<void>;
}

export interface CrewOptions {
  /** Threads, at most; 0: none. */
  readonly threads?: number | undefined;
  /** Work that is known to come, in bytes: with much of it threads begin at once. */
  readonly expected?: number | undefined;
  /** Files that will be looked at. */
  readonly looks?: number | undefined;
  /** Whether what is looked at is read as well. */
  readonly readsAll?: boolean | undefined;
  /** Called before work in this thread: may wait a moment, and throws when cancelled. */
  readonly breathe: () => Promise<void>;
}

/** Two threads read, hash, compress and encrypt as fast as disks and networks take it. */
const THREADS = 2;
/** Looking at a file, or opening it, takes as long as reading that much. */
const STAT_BYTES = 8192;
const LOOKING: WorkName = 'statFiles';
/** A thread takes a moment to begin, and memory: a backup that is over by then does without. */
const ALONE_BYTES = 16 * 1024 * 1024;
/** Next to nothing lives longer than a job. */
const LIMITS = { maxYoungGenerationSizeMb: 8 };

interface Thread extends Share {
  readonly worker: Worker;
  isReady: boolean;
  taken: number;
}

interface Waiting {
  readonly question: Question;
  readonly resolve: (done: object) => void;
  readonly reject: (reason: unknown) => void;
}

/** Works in this thread until much has come up, and in threads of its own as soon as they have begun. */
export function makeCrew({
  threads = THREADS,
  expected = 0,
  looks = 0,
  readsAll = false,
  breathe,
}: CrewOptions): Crew {
  const count = Math.min(threads, availableParallelism());
  const crew: Thread[] = [];
  const queue: Waiting[] = [];
  const underWay = new Map<number, Waiting>();
  const load = new Load(expected, looks, readsAll);
  let next = 0;
  const ownTurn = makeTurns();
  let failure: { readonly reason: unknown } | undefined;

  const fail = (reason: unknown) => {
    failure ??= { reason };
    for (const { reject } of [...underWay.values(), ...queue.splice(0)]) reject(reason);
    underWay.clear();
  };
  const assertOpen = () => {
    if (failure) throw failure.reason;
  };
  const hand = () => handOut(crew, queue, underWay);
  const onAnswer = (answer: Exclude<Answer, 'ready'>) => {
    const answered = underWay.get(answer.id);
    underWay.delete(answer.id);
    settle(answered, answer);
    return answered ? weightOf(answered.question.name) : 0;
  };
  const enlist = () => {
    while (crew.length < load.threads(count)) {
      const thread = newThread();
      crew.push(thread);
      watch(thread, { onReady: () => onReady(crew), onFailure: fail, onAnswer, onFree: hand });
    }
  };
  enlist();
  return {
    run: async <Name extends WorkName>(name: Name, job: Job<Name>) => {
      assertOpen();
      load.add(name, job);
      enlist();
      await breathe();
      if (crew.length > 0 && !isForThread(crew, name)) await ownTurn();
      // What it would work on may be closed by now, and its descriptors be somebody else's.
      assertOpen();
      if (!isForThread(crew, name)) return (WORK[name] as (asked: Job<Name>) => Done<Name>)(job);
      return new Promise<object>((resolve, reject) => {
        queue.push({ question: { id: next++, name, job }, resolve, reject });
        hand();
      }) as Promise<Done<Name>>;
    },
    close: async () => {
      // A thread that begins from here on would be nobody's, and keep the program alive.
      failure ??= { reason: new Error('the crew has ended') };
      await endThreads(crew);
      fail(failure.reason);
    },
  };
}

/** What waits, to those that may take more. */
function handOut(crew: readonly Thread[], queue: Waiting[], underWay: Map<number, Waiting>): void {
  for (;;) {
    const thread = takerAmong(crew);
    const first = thread && queue.shift();
    if (!first) return;
    thread.taken += weightOf(first.question.name);
    underWay.set(first.question.id, first);
    thread.worker.postMessage(first.question, handedOver(first.question.job));
  }
}

/** Work that has come up, in bytes. */
class Load {
  /** All of it, and what is more than looking at files. */
  #all: number;
  #heavy: number;

  readonly #readsAll: boolean;

  constructor(heavy: number, looks: number, readsAll: boolean) {
    [this.#all, this.#heavy, this.#readsAll] = [heavy + looks * STAT_BYTES, heavy, readsAll];
  }

  add(name: WorkName, job: object): void {
    const bytes = bytesOf(job);
    this.#all += bytes;
    if (name !== LOOKING || this.#readsAll) this.#heavy += bytes;
  }

  /** One is enough to look at files, with this one's help: each further one would first have to begin and get warm. */
  threads(most: number): number {
    if (this.#heavy > ALONE_BYTES) return most;
    return this.#all > ALONE_BYTES ? Math.min(1, most) : 0;
  }
}

interface Watcher {
  readonly onReady: () => void;
  readonly onFailure: (reason: unknown) => void;
  /** Gives the weight of what was answered. */
  readonly onAnswer: (answer: Exclude<Answer, 'ready'>) => number;
  /** It may take more. */
  readonly onFree: () => void;
}

function watch(thread: Thread, { onReady, onFailure, onAnswer, onFree }: Watcher): void {
  thread.worker.on('error', onFailure);
  thread.worker.on('exit', (code) => {
    onFailure(new Error(`a worker thread ended with ${code}`));
  });
  thread.worker.on('message', (answer: Answer) => {
    if (answer === 'ready') {
      thread.isReady = true;
      onReady();
    } else {
      thread.taken -= onAnswer(answer);
    }
    onFree();
  });
}

/**
 * Much work is made of very many short-lived objects: given more room for them the collector takes it, and saves nothing. But
 * V8 takes no compiled code out of a cache while a switch is not what it is by itself (2): a thread would take twice as long
 * to begin, and what is imported meanwhile is compiled anew.
 */
function letYoungGenerationGrow(may: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`);
}

function onReady(crew: readonly Thread[]): void {
  if (crew.every(({ isReady }) => isReady)) letYoungGenerationGrow(false);
}

async function endThreads(crew: readonly Thread[]): Promise<void> {
  await Promise.all(crew.map(({ worker }) => worker.removeAllListeners('exit').terminate()));
  if (crew.length > 0) letYoungGenerationGrow(true);
}

function newThread(): Thread {
  letYoungGenerationGrow(true);
  const worker = new Worker(new URL('./thread.mjs', import.meta.url), {
    execArgv: [],
    resourceLimits: LIMITS,
    workerData: compileCache(),
  });
  return { worker, isReady: false, taken: 0 };
}

/** Node names a directory of its version in the one that it was given, and would do so once more in the thread. */
function compileCache(): string | undefined {
  const directory = getCompileCacheDir();
  return directory === undefined ? undefined : dirname(directory);
}

/** Looking at files is so little work that who hands it out does it as well, where all others have enough to do. */
function isForThread(crew: readonly Thread[], name: WorkName): boolean {
  return name === LOOKING ? takerAmong(crew) !== undefined : crew.some(({ isReady }) => isReady);
}

/** One after the other, with the event loop in between: so it is heard of threads that have become free. */
function makeTurns(): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.then(() => setImmediate());
    return last;
  };
}

function bytesOf(job: object): number {
  const {
    length = 0,
    count = 0,
    sizes = [],
  } = job as {
    readonly length?: number;
    readonly count?: number;
    readonly sizes?: Iterable<number>;
  };
  let bytes = length + count * STAT_BYTES;
  for (const size of sizes) bytes += size;
  return bytes;
}

function settle(waiting: Waiting | undefined, answer: Exclude<Answer, 'ready'>): void {
  if ('done' in answer) waiting?.resolve(answer.done);
  else waiting?.reject(errorOf(answer.failure));
}

function errorOf(failure: Failure): unknown {
  if ('error' in failure) return failure.error;
  return new LeitstandError(failure.code, failure.exit, failure.details);
}
