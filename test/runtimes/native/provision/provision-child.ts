// A Leitstand of its own, to be killed: provisions the program of the JSON in argv.
import { systemClock } from '../../../../src/platform/clock.ts';
import { runProgram } from '../../../../src/platform/processes.ts';
import { provisionProgram } from '../../../../src/runtimes/native/provision/provision.ts';

const { spec, provisioning } = JSON.parse(process.argv[2] ?? '');
await provisionProgram(spec, {
  provisioning,
  env: process.env,
  run: runProgram,
  clock: systemClock,
  onProgress: () => undefined,
});
