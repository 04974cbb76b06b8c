import { formatSize } from '../platform/units.ts';
import type { CommandContext } from './command.ts';

/** A line a second at most, where lines stay as well. */
const PAUSE_MS = 1000;

/**
 * Says how far something is that moves bytes, and how fast: `read 1.2 GiB of 9.8 GiB (12 %), 240 MiB/s`. A line for each
 * percent at most, so that a log of it stays short.
 */
export function transferSteps(
  { clock, onProgress }: Pick<CommandContext, 'clock' | 'onProgress'>,
  verb: string,
): (done: number, total: number) => void {
  const start = clock.monotonic();
  let saidAt = start;
  let said = -1;
  return (done, total) => {
    const now = clock.monotonic();
    const percent = total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
    if (now - saidAt < PAUSE_MS || percent === said) return;
    [saidAt, said] = [now, percent];
    const rate = formatSize(Math.round((done / (now - start)) * 1000));
    onProgress({
      type: 'step',
      text: `${verb} ${formatSize(done)} of ${formatSize(total)} (${percent} %), ${rate}/s`,
    });
  };
}
