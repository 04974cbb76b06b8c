import { printableText } from '../platform/error-text.ts';
import { formatElapsed } from '../platform/units.ts';
import type { OnProgress, Progress } from '../stack/progress.ts';

export type ProgressMode = 'auto' | 'tty' | 'plain' | 'json' | 'quiet';
export const PROGRESS_MODES: readonly ProgressMode[] = ['auto', 'tty', 'plain', 'json', 'quiet'];

interface ProgressStream {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}

export interface ProgressDisplay {
  readonly onProgress: OnProgress;
  /** Takes away what is only of the moment; call before anything else is printed. */
  clear(): void;
}

/** Draws progress on stderr: one line a finished phase, and on a terminal the step under way below it. */
export function progressDisplay(
  stream: ProgressStream,
  mode: Exclude<ProgressMode, 'auto'>,
  writeJson: (event: Progress) => void,
): ProgressDisplay {
  if (mode === 'quiet') return { onProgress: () => undefined, clear: () => undefined };
  if (mode === 'json') return { onProgress: writeJson, clear: () => undefined };
  const phases = new Map<string, string>();
  let live = false;
  let last = '';
  const clear = () => {
    if (live) stream.write('\r\u001b[K');
    live = false;
  };
  const onProgress: OnProgress = (told) => {
    if (told.type === 'phase') {
      phases.set(told.phase, `${told.index}/${told.total}`);
      return;
    }
    // It may quote what a stranger wrote: a silence's comment, a receiver's name.
    const event = { ...told, text: printableText(told.text) };
    clear();
    if (event.type === 'done') {
      const number = phases.get(event.phase) ?? '';
      stream.write(
        `${number.padEnd(4)}${event.phase.padEnd(10)} ${event.text}  ${formatElapsed(event.elapsedMs)}\n`,
      );
    } else if (event.type === 'warning') {
      stream.write(`warning: ${event.text}\n`);
    } else if (mode === 'tty') {
      stream.write(`    ${event.text}`.slice(0, (stream.columns ?? 80) - 1));
      live = true;
    } else if (event.text !== last) {
      // Waiting says the same again and again; a line of it is enough where lines stay.
      stream.write(`    ${event.text}\n`);
      last = event.text;
    }
  };
  return { onProgress, clear };
}
