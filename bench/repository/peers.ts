// The programs that Leitstand is measured against: on PATH, or built from the modules that are pinned beside this file.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../src/platform/environment.ts';
import { findExecutable } from '../../src/platform/files.ts';

export interface Peer {
  readonly name: string;
  readonly version: string;
  /** Relative to the folder with its go.mod; restic's is a tool of that module. */
  readonly package: string;
}

export const restic: Peer = {
  name: 'restic',
  version: '0.18.0',
  package: 'github.com/restic/restic/cmd/restic',
};
/** With local files, S3 and `copy`, and nothing else: with all its providers it compiles for minutes. */
export const rclone: Peer = { name: 'rclone', version: '1.76.0', package: '.' };

/** Its path; undefined where it can neither be found nor built, which is said. */
export async function findPeer(peer: Peer): Promise<string | undefined> {
  const path = process.env['PATH'] ?? '';
  const found = await findExecutable(peer.name, path);
  if (found !== undefined) return found;
  const directory = join(cacheDirectory(process.env, homedir()), 'bench', `${peer.name}-${peer.version}`);
  const built = join(directory, peer.name);
  if (existsSync(built)) return built;
  const go = await findExecutable('go', path);
  if (go !== undefined && build(go, peer, directory)) return built;
  process.stdout.write(
    `SKIPPED  what is measured against ${peer.name}: it is not on PATH, and cannot be built here\n`,
  );
  return undefined;
}

function build(go: string, peer: Peer, directory: string): boolean {
  process.stderr.write(`building ${peer.name} ${peer.version}, once: a minute or two\n`);
  mkdirSync(directory, { recursive: true });
  const scratch = mkdtempSync(join(directory, 'build-'));
  const executable = join(scratch, peer.name);
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', executable];
  const cwd = fileURLToPath(new URL(`peers/${peer.name}`, import.meta.url));
  const { status, stderr } = spawnSync(go, [...args, peer.package], { cwd, encoding: 'utf8' });
  if (status === 0) renameSync(executable, join(directory, peer.name));
  else process.stderr.write(stderr);
  rmSync(scratch, { recursive: true });
  return status === 0;
}
