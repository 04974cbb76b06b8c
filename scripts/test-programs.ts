// Gets the programs that the integration tests run, and says plainly which generations will be tested.
import { homedir } from 'node:os';
import { catalog } from '../src/catalog.ts';
import { systemClock } from '../src/platform/clock.ts';
import { cacheDirectory } from '../src/platform/environment.ts';
import { LeitstandError } from '../src/platform/errors.ts';
import { findExecutable } from '../src/platform/files.ts';
import { runProgram } from '../src/platform/processes.ts';
import { provisionPrograms } from '../src/runtimes/native/provision/provision.ts';
import type { ProvisionSource } from '../src/stack/stack.ts';
import { findPrograms, type Generation } from '../test/integration/programs.ts';

const path = process.env['PATH'] ?? '';
const [apt, go] = await Promise.all([findExecutable('apt-get', path), findExecutable('go', path)]);
// Compiling takes minutes: only where it is asked for, or where there is no other way.
const compile = process.env['LEITSTAND_TEST_COMPILE'] === '1' || (apt === undefined && go !== undefined);

if (apt !== undefined) await obtain('debian', 'debian');
if (compile) await obtain('current', 'go');
for (const generation of ['current', 'debian'] as const) {
  const found = await findPrograms(generation);
  const text = found
    ? `tested with ${[...found.values()].map(({ name, version }) => `${name} ${version.major}.${version.minor}.${version.patch}`).join(', ')}`
    : 'SKIPPED: not on this machine (LEITSTAND_TEST_COMPILE=1 compiles the current versions with Go)';
  process.stderr.write(`${generation} programs: ${text}\n`);
}

async function obtain(generation: Generation, source: ProvisionSource): Promise<void> {
  if (await findPrograms(generation)) return;
  const specs = [...(await catalog.components()).values()].flatMap(({ program, tools }) => [
    program,
    ...tools,
  ]);
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
