import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../../../platform/errors.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, unknown, warn } from '../check.ts';

export const fileRightsCheck: DoctorCheck = {
  name: 'file rights',
  title: 'file rights',
  needs: 'places',
  run: async (world) => {
    const { stack } = world;
    if (!stack) return [];
    const directory = dirname(stack.file);
    const lines = await Promise.all(
      [
        stack.stateDir,
        join(stack.stateDir, 'keys'),
        join(directory, '.env'),
        join(directory, 'secrets'),
        ...(await below(join(directory, 'secrets'))),
        ...(await below(join(stack.stateDir, 'keys'))),
      ].map((path) => rightsLines(path, path === stack.stateDir, world)),
    );
    const found = lines.flat();
    if (found.length > 0) return found;
    return [ok('state directory, .env, secrets, keys', 'only their owner can read what is there')];
  },
};

async function below(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.map((name) => join(directory, name));
}

/** Nothing for what is right, or not there. */
async function rightsLines(path: string, isState: boolean, { host }: DoctorWorld): Promise<DoctorLine[]> {
  try {
    const { mode, uid } = await lstat(path);
    const bits = (mode & 0o777).toString(8).padStart(4, '0');
    // The public half of a key is for everybody to read.
    const open = mode & (path.endsWith('.pub.pem') ? 0o022 : 0o077);
    const lines: DoctorLine[] = [];
    if (open !== 0) {
      lines.push(
        fail(path, `others can look into it (mode ${bits})`, {
          wanted: 'for its owner only',
          fix: `chmod go-rwx ${path}`,
        }),
      );
    }
    if (uid !== host.uid && host.uid !== 0) {
      lines.push(
        fail(path, `it belongs to the user with the id ${uid}, and you are ${host.user}`, {
          fix: `run leitstand as its owner, or as root: chown -R ${host.user} ${path}`,
        }),
      );
    }
    if (uid !== host.uid && host.uid === 0 && isState) {
      lines.push(
        warn(path, `it belongs to the user with the id ${uid}, and you are root`, {
          wanted: 'commands as the user who owns the stack: what root writes, that user cannot change',
          fix: `sudo -u '#${uid}' leitstand …`,
        }),
      );
    }
    return lines;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    return [unknown(path, `cannot be looked at: ${code ?? 'unknown reason'}`, { matters: true })];
  }
}
