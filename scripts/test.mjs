import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findNode, installDependencies, root } from './ready.mjs';

installDependencies();
const node = findNode();
const programs = spawnSync(node, [join(root, 'scripts', 'test-programs.ts')], { stdio: 'inherit' });
if (programs.status !== 0) process.exit(programs.status ?? 70);
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const tests = spawnSync(node, [vitest, 'run', '--root', root, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = tests.status ?? 70;
