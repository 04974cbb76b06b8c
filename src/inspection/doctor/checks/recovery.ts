import { lstat, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from '../../../platform/files.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, warn } from '../check.ts';

export const recoveryCheck: DoctorCheck = {
  name: 'recovery',
  title: 'recovery',
  needs: 'places',
  run: async (world) => [...keyLines(world), ...(await hostKeyLines(world)), ...(await kitLines(world))],
};

function keyLines({ recovery }: DoctorWorld): DoctorLine[] {
  if (!recovery) return [];
  if (recovery.keys.length === 0)
    return [
      warn('backups', 'they are not encrypted: whoever has them can read them', {
        wanted: 'a recovery key, the secret half of which is kept elsewhere',
        fix: 'leitstand backup kit --new',
      }),
    ];
  const isNoneProven = recovery.keys.every(({ triedAt }) => triedAt === undefined);
  return recovery.keys.map(({ name, triedAt, isOld }) => {
    const subject = `recovery key ${name}…`;
    const fix = 'leitstand backup kit --prove FILE, with the kit from where it is kept';
    const wanted = 'that its secret half was tried within 400 days';
    if (triedAt === undefined && isNoneProven)
      return fail(subject, 'its secret half was never tried: `leitstand backup` refuses', { wanted, fix });
    if (triedAt === undefined) return warn(subject, 'its secret half was never tried', { wanted, fix });
    const found = `its secret half was tried on ${triedAt.slice(0, 10)}`;
    return isOld ? warn(subject, found, { wanted, fix }) : ok(subject, found);
  });
}

/** Made by the first encrypted backup; what is lost with it is time. */
async function hostKeyLines({ stack, recovery }: DoctorWorld): Promise<DoctorLine[]> {
  if (!stack || !recovery || recovery.keys.length === 0 || !recovery.hasBackups) return [];
  const path = join(stack.stateDir, 'keys', 'host.age');
  if (await exists(path)) return [ok('host key', path)];
  return [
    warn('host key', `${path} is not there`, {
      wanted: 'the key with which this machine reads its own newest backups',
      fix: 'leitstand backup makes another one, and stores everything anew; older backups open with the recovery key',
    }),
  ];
}

/** Larger ones are no kits. */
const LARGEST_KIT = 64 * 1024;
const MOST_FILES = 500;

/** Whoever gets at the machine must not get at the secret half. */
async function kitLines({ stack }: DoctorWorld): Promise<DoctorLine[]> {
  if (!stack) return [];
  const directory = dirname(stack.file);
  const keys = join(stack.stateDir, 'keys');
  const hostKey = join(keys, 'host.age');
  const found: string[] = [];
  for (const place of new Set([directory, join(directory, 'secrets'), stack.stateDir, keys])) {
    const names = await readdir(place).catch(() => []);
    for (const name of names.slice(0, MOST_FILES)) {
      const path = join(place, name);
      if (path !== hostKey && (await holdsSecretKey(path))) found.push(path);
    }
  }
  return found.map((path) =>
    fail(path, 'it holds the secret half of a recovery key', {
      wanted: 'that no copy of it is on this machine: it is to outlive it, and opens every backup',
      fix: `print it, keep it in two other places, and then: shred -u ${path}`,
    }),
  );
}

async function holdsSecretKey(path: string): Promise<boolean> {
  try {
    const stat = await lstat(path);
    if (!stat.isFile() || stat.size > LARGEST_KIT) return false;
    const handle = await open(path, 'r');
    try {
      return /AGE-SECRET-KEY-/i.test(await handle.readFile('latin1'));
    } finally {
      await handle.close();
    }
  } catch {
    // What cannot be read here is a finding of `file rights`.
    return false;
  }
}
