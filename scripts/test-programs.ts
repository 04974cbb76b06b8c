// Gets the programs that the integration tests run, and says plainly which generations will be tested.
import { homedir } from 'node:os';
import { catalog } from '../src/catalog.ts';
import { systemClock } from '../src/platform/clock.ts';
import { cacheDirectory } from '../src/platform/environment.ts';
import { LeitstandError } from '../src/platform/errors.ts';
import { findExecutable } from '../src/platform/files.ts';
import { runProgram } from '../src/platform/processes.ts';
import { provisionPrograms } from '../src/runtimes/native/provision/provision.ts';
import type { ProgramSpec } from '../src/stack/program.ts';
import type { ProvisionSource } from '../src/stack/stack.ts';
import { formatVersion } from '../src/stack/version.ts';
import { findProgram, findPrograms, type Generation, PROGRAMS } from '../test/integration/programs.ts';
import { AGE, findAge } from '../test/repository/age-program.ts';

const path = process.env['PATH'] ?? '';
const [apt, go] = await Promise.all([findExecutable('apt-get', path), findExecutable('go', path)]);
// Compiling all takes minutes: only where it is asked for, or where there is no other way.
const compile = process.env['LEITSTAND_TEST_COMPILE'] === '1' || (apt === undefined && go !== undefined);
const goOnly = PROGRAMS.filter(({ debian }) => debian === undefined).map(({ name }) => name);

if (apt !== undefined) await obtain('debian', 'debian');
if (compile) await obtain('current', 'go');
// No package has these, and they take about a minute each.
else if (go !== undefined) await obtain('current', 'go', goOnly);
if (apt !== undefined && (await findAge()) === undefined) await provision('debian', 'debian', [AGE]);
if ((await findAge()) === undefined)
  process.stderr.write('age: SKIPPED where a test holds backups against it: not on this machine\n');
for (const generation of ['current', 'debian'] as const) {
  const found = await findPrograms(generation);
  const text = found
    ? `tested with ${[...found.values()].map(({ name, version }) => `${name} ${formatVersion(version)}`).join(', ')}`
    : 'SKIPPED: not on this machine (LEITSTAND_TEST_COMPILE=1 compiles the current versions with Go)';
  process.stderr.write(`${generation} programs: ${text}\n`);
  const absent = PROGRAMS.map(({ name }) => name).filter((name) => found && !found.has(name));
  if (absent.length > 0)
    process.stderr.write(
      `${generation} programs: SKIPPED where a test needs ${absent.join(', ')}: not on this machine\n`,
    );
}

async function obtain(
  generation: Generation,
  source: ProvisionSource,
  names: readonly string[] = PROGRAMS.map(({ name }) => name),
): Promise<void> {
  const missing = new Set<string>();
  for (const name of names) if (!(await findProgram(name, generation))) missing.add(name);
  // One after the other: that one cannot be had keeps nobody from having the next.
  for (const { program, tools } of (await catalog.components()).values()) {
    const specs = [program, ...tools].filter(
      (spec) => missing.has(spec.name) && (source === 'go' ? spec.go : spec.debian),
    );
    if (specs.length > 0) await provision(generation, source, specs);
  }
}

async function provision(
  generation: Generation,
  source: ProvisionSource,
  specs: readonly ProgramSpec[],
): Promise<void> {
  try {
    await provisionPrograms(specs, {
      provisioning: {
        sources: ['cache', source],
        paths: {},
        cacheDir: cacheDirectory(process.env, homedir()),
      },
      env: process.env,
      run: runProgram,
      clock: systemClock,
      signal: new AbortController().signal,
      onProgress: (event) => {
        if ('text' in event) process.stderr.write(`${generation}: ${event.text}\n`);
      },
    });
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    process.stderr.write(
      `${generation}: ${error.details.what}\n${(error.details.detail ?? []).join('\n')}\n`,
    );
  }
}
