import { countSamples, type Questions } from './samples.ts';
import type { Window } from './windows.ts';

/** Longer than exporters and federation lag behind (federation looks back 5 minutes). */
const TAIL_MS = 600_000;

/**
 * The counts of the minutes before the cut-off. Read before the snapshot and again after everything was sealed:
 * a metric with the same count both times cannot differ in the snapshot between; the others were still
 * arriving (exporters with timestamps of their own, pushed samples) and are not compared.
 */
export async function countTail(questions: Questions, cutoff: number): Promise<ReadonlyMap<string, number>> {
  const tail: Window = { name: 'tail', from: cutoff - TAIL_MS, to: cutoff };
  const names = await questions.api.metricNames({ start: tail.from, end: tail.to });
  return (await countSamples(questions, tail, names)).values;
}

export function lateMetrics(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): ReadonlySet<string> {
  const names = new Set([...before.keys(), ...after.keys()]);
  return new Set([...names].filter((name) => before.get(name) !== after.get(name)));
}

export function touchesTail(window: Window, cutoff: number): boolean {
  return window.to > cutoff - TAIL_MS;
}
