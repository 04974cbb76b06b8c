import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findNode, installDependencies, root } from './ready.mjs';

installDependencies();
const child = spawn(findNode(), [join(root, 'bin', 'leitstand.mjs'), 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// The terminal sends Ctrl-C to both; the command decides how it ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal ? 130 : 70);
});
