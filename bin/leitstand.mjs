#!/usr/bin/env node
// Plain JavaScript that any Node runs: finds Node 24 or newer and hands over to it.
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR } from '../src/platform/allocator.mjs';

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

/**
 * Node's own default is a directory in /tmp that anybody may have made first, and what lies in it is executed.
 * Ours belongs to this user, or there is none.
 */
function compileCacheDirectory() {
  const { HOME, XDG_CACHE_HOME, LEITSTAND_CACHE_DIR } = process.env;
  const base = [
    LEITSTAND_CACHE_DIR,
    XDG_CACHE_HOME && join(XDG_CACHE_HOME, 'leitstand'),
    HOME && join(HOME, '.cache', 'leitstand'),
  ].find((path) => path && isAbsolute(path));
  if (!base) return undefined;
  const directory = join(base, 'compiled');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(directory);
    return lstatSync(directory).isDirectory() && uid === process.getuid() && (mode & 0o022) === 0
      ? directory
      : undefined;
  } catch {
    return undefined;
  }
}

function currentDirectory() {
  try {
    return process.cwd();
  } catch {
    process.stderr.write(
      'leitstand: the current directory does not exist any more\n  fix: go to another one (`cd`)\n',
    );
    process.exit(2);
  }
}

if (isNewEnough(process.versions.node)) {
  const cache = compileCacheDirectory();
  if (cache) {
    const { enableCompileCache } = await import('node:module');
    enableCompileCache(cache);
  }
  const [{ main }, { catalog }] = await Promise.all([
    import('../src/cli/main.ts'),
    import('../src/catalog.ts'),
  ]);
  process.exitCode = await main(catalog, {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: currentDirectory(),
    self: [process.execPath, fileURLToPath(import.meta.url)],
    stdout: process.stdout,
    stderr: process.stderr,
    // Opened when it is asked for: a closed stdin is no reason to fail.
    get stdin() {
      return process.stdin;
    },
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
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...ALLOCATOR, ...process.env },
  });
  // The terminal sends Ctrl-C to both: sent on, the child would get it twice and give up cleaning.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(
      `leitstand: ${node} cannot be started: ${error.message}\n  fix: npm install --prefix ${root}\n`,
    );
    process.exit(6);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
