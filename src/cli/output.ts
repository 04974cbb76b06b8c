import { once } from 'node:events';
import { printableText } from '../platform/error-text.ts';
import type { Output } from './command.ts';
import { LineWriter } from './line-writer.ts';
import type { ProgressDisplay } from './progress.ts';

interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Results on stdout, talk on stderr; whatever of progress is only of the moment makes room for both. */
export function openOutput(
  { stdout, stderr, env }: Streams,
  display: ProgressDisplay,
  json: boolean,
): Output {
  const lines = new LineWriter(stdout, { env, json });
  return {
    result: (text) => {
      display.clear();
      // What a stranger wrote into an alert must not drive the terminal.
      if (!json) stdout.write(`${stdout.isTTY ? printableText(text) : text}\n`);
    },
    line: (line) => {
      display.clear();
      return lines.write(line);
    },
    bytes: async (content) => {
      display.clear();
      // Who reads may go meanwhile: then the wait ends with an error.
      if (!stdout.write(content) && stdout.writable) await once(stdout, 'drain').catch(() => undefined);
      return stdout.writable;
    },
    talk: (text) => {
      display.clear();
      stderr.write(`${stderr.isTTY ? printableText(text) : text}\n`);
    },
  };
}
