// Start-up of the command line against bare Node in the same run, best of many (the machine's noise only adds).
import { fileURLToPath } from 'node:url';
import { report, timeCommand } from './measure.ts';

const ROUNDS = 30;
const bin = fileURLToPath(new URL('../bin/leitstand.mjs', import.meta.url));
const best = { bare: Infinity, version: Infinity, help: Infinity };

for (let round = 0; round < ROUNDS; round++) {
  best.bare = Math.min(best.bare, timeCommand(process.execPath, ['-e', '0']));
  best.version = Math.min(best.version, timeCommand(process.execPath, [bin, '--version']));
  best.help = Math.min(best.help, timeCommand(process.execPath, [bin, '--help']));
}

process.stdout.write(`bare Node ${process.versions.node}: ${best.bare.toFixed(1)} ms\n`);
report([
  { name: 'leitstand --version', measured: best.version / best.bare, goal: 2, unit: '× bare Node' },
  { name: 'leitstand --help', measured: best.help / best.bare, goal: 2, unit: '× bare Node' },
]);
