import { randomBytes } from 'node:crypto';
import { catalog } from '../../src/catalog.ts';
import type { CommandContext } from '../../src/cli/command.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { runProgram } from '../../src/platform/processes.ts';

/** What a command gets where nobody sits at a terminal; what it says goes to `said`. */
export function contextFor(cwd: string, said: string[] = []): CommandContext {
  return {
    catalog,
    env: { PATH: process.env['PATH'], HOME: cwd },
    cwd,
    file: undefined,
    environment: undefined,
    clock: systemClock,
    random: randomBytes,
    run: runProgram,
    signal: new AbortController().signal,
    output: {
      result: () => undefined,
      line: () => true,
      bytes: async () => true,
      talk: (text) => said.push(text),
    },
    onProgress: () => undefined,
    openPrompt: () => Promise.resolve(undefined),
    readInput: () => Promise.resolve(''),
    self: [process.execPath, 'leitstand.mjs'],
  };
}
