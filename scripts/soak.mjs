// Faults of all kinds thrown at the repository, for as long as one likes: docs/soak.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findNode, installDependencies, root } from './ready.mjs';

installDependencies();
const { status } = spawnSync(findNode(), [join(root, 'soak', 'run.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 70;
