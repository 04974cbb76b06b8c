export { plural } from '../platform/units.ts';

/** What the terminal can do and what its user asked for (NO_COLOR, TERM=dumb, ACCESSIBLE=1). */
export interface TerminalFacts {
  readonly tty: boolean;
  readonly colour: boolean;
  /** Lines that redraw themselves; never for screen readers, pipes and CI. */
  readonly animated: boolean;
}

export function terminalFacts(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): TerminalFacts {
  const tty = stream.isTTY === true;
  const dumb = env['TERM'] === 'dumb';
  const noColour = (env['NO_COLOR'] ?? '') !== '';
  const forced = !['', '0', undefined].includes(env['CLICOLOR_FORCE']);
  return {
    tty,
    colour: !noColour && (forced || (tty && !dumb)),
    animated: tty && !dumb && env['ACCESSIBLE'] !== '1' && env['CI'] === undefined,
  };
}

/** Columns padded to their widest cell, two spaces between; no trailing spaces. A cell is one line whatever it holds. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll(/\s*[\r\n]+\s*/g, ' ')));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** An age for people, in one or two units: `4 s`, `3 m`, `5 h`, `9 d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** A moment (UTC, ISO 8601) by the clock on this machine's wall: `2026-11-27 10:00:03`, which is how Swedes write it. */
export function formatTime(at: string): string {
  return new Date(at).toLocaleString('sv-SE');
}
