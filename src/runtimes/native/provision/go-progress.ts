import { formatDuration, formatElapsed } from '../../../platform/units.ts';
import type { GoBuild } from '../../../stack/program.ts';
import type { ProvisionContext } from './source.ts';

const EVERY_MS = 5_000;

type Reporter = Pick<ProvisionContext, 'clock' | 'onProgress'>;

/** Takes the output of `go list`; at most one step every 5 s. */
export function reportDownloads(name: string, { clock, onProgress }: Reporter): (line: string) => void {
  let modules = 0;
  const say = throttled(clock, onProgress);
  return (line) => {
    if (!line.startsWith('go: downloading ')) return;
    modules += 1;
    say(() => `${name}: downloading modules, ${modules} so far`);
  };
}

export interface Build {
  readonly name: string;
  readonly build: GoBuild;
  /** The program's packages, those of the standard library included. */
  readonly packages: number;
}

/**
 * Takes the output of `go build -v`, which names each package it compiles; what is in the compiler's cache is not
 * named, so the count may jump to its end.
 */
export function reportBuild(
  { name, build, packages }: Build,
  { clock, onProgress }: Reporter,
): (line: string) => void {
  const started = clock.monotonic();
  let compiled = 0;
  const expectedMs = build.expectedSeconds * 1000;
  const expected = formatDuration(expectedMs);
  const estimate = `takes about ${expected} the first time`;
  onProgress({ type: 'step', text: `${name}: compiling ${packages} packages, ${estimate}` });
  const say = throttled(clock, onProgress);
  return (line) => {
    if (!/^[^\s:#]+$/.test(line)) return;
    compiled += 1;
    const elapsedMs = clock.monotonic() - started;
    const elapsed = formatElapsed(elapsedMs);
    const hope = elapsedMs < expectedMs ? estimate : `usually ${expected}, this machine is busy or slow`;
    if (line === build.package) onProgress({ type: 'step', text: `${name}: linking, after ${elapsed}` });
    else say(() => `${name}: ${compiled} of ${packages} packages, ${elapsed}; ${hope}`);
  };
}

function throttled(
  clock: Reporter['clock'],
  onProgress: Reporter['onProgress'],
): (text: () => string) => void {
  let last = clock.monotonic();
  return (text) => {
    if (clock.monotonic() - last < EVERY_MS) return;
    last = clock.monotonic();
    onProgress({ type: 'step', text: text() });
  };
}
