// Plain JavaScript that any Node runs: makes a bare clone ready to work, and does nothing when it already is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const marker = join(root, 'node_modules', '.leitstand-ready');

/** Installs exactly what package-lock.json says; the marker is written last, so that half an install is seen. */
export function installDependencies() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) stop(`this is Node ${process.versions.node}; it takes Node 20 or newer to start`);
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return;
  process.stderr.write('installing the dependencies of package-lock.json\n');
  const start = Date.now();
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (install.status !== 0)
    stop(`npm ci failed (${install.error?.message ?? `exit ${install.status}`}); its lines above say why`);
  writeFileSync(marker, lock);
  process.stderr.write(`dependencies installed  ${((Date.now() - start) / 1000).toFixed(1)} s\n`);
}

/** The Node that the dependencies bring along, or this one where it is new enough. */
export function findNode() {
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  return existsSync(packaged) ? packaged : process.execPath;
}

function stop(reason) {
  process.stderr.write(`leitstand: ${reason}\n`);
  process.exit(2);
}
