// Everything CI checks beside the tests, side by side; every failure is shown, not only the first.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findNode, installDependencies, root } from './ready.mjs';

installDependencies();
const node = findNode();
const bin = (...path) => join(root, 'node_modules', ...path);
const checks = [
  ['types', bin('typescript', 'bin', 'tsc'), '-p', '.'],
  ['lint', bin('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings'],
  ['dead code', bin('knip', 'bin', 'knip.js')],
  ['format', bin('@biomejs', 'biome', 'bin', 'biome'), 'format', '.'],
  ['generated docs', join(root, 'scripts', 'docs.ts'), '--check'],
];

function run([name, ...command]) {
  return new Promise((resolve) => {
    const start = Date.now();
    const child = spawn(node, command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('exit', (code) =>
      resolve({ name, ok: code === 0, output, seconds: (Date.now() - start) / 1000 }),
    );
  });
}

for (const { name, ok, output, seconds } of await Promise.all(checks.map(run))) {
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(15)} ${seconds.toFixed(1)} s\n`);
  if (!ok) {
    process.stdout.write(`${output}\n`);
    process.exitCode = 1;
  }
}
