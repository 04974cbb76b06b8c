#!/usr/bin/env node
// Plain JavaScript that any Node runs: finds Node 24 or newer and hands over to it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const MINIMUM = [24, 15];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

function packagedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  for (const modules of [join(root, 'node_modules'), join(root, '..')]) {
    const candidate = join(modules, name, 'bin', 'node');
    if (existsSync(candidate)) return candidate;
  }
  return undefined;
}

if (isNewEnough(process.versions.node)) {
  const { enableCompileCache } = await import('node:module');
  enableCompileCache();
  const [{ main }, { catalog }] = await Promise.all([
    import('../src/cli/main.ts'),
    import('../src/catalog.ts'),
  ]);
  process.exitCode = await main(catalog, {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    self: [process.execPath, fileURLToPath(import.meta.url)],
    stdout: process.stdout,
    stderr: process.stderr,
  });
} else {
  const node = packagedNode();
  if (!node) {
    process.stderr.write(
      `leitstand: this is Node ${process.versions.node}; Leitstand needs ${MINIMUM.join('.')} or newer, and the one it brings along is not installed\n` +
        `  fix: npm install --prefix ${root}\n`,
    );
    process.exit(2);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
