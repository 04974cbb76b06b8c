import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readTextIfExists, writeFileAtomic } from '../platform/files.ts';
import type { Plan, SecretFile } from '../stack/plan.ts';
import type { Runtime } from '../stack/runtime.ts';

const MODE = 0o400;

/**
 * One file a secret, 0400, replaced atomically: the programs read them at every use, so a changed secret needs
 * neither reload nor restart, except where the runtime hands it over at the start (`Plan.secretEnv`). Files of a plan's secrets that are gone are removed.
 */
export async function writeSecretFiles(plan: Plan, runtime: Pick<Runtime, 'place'>): Promise<void> {
  const place = runtime.place(plan.component);
  const directory = dirname(place.secret('any'));
  if (plan.secrets.length === 0) {
    await rm(directory, { recursive: true, force: true });
    return;
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  for (const secret of plan.secrets) {
    const path = place.secret(secret.name);
    if (!(await isInPlace(path, secret))) await writeFileAtomic(path, secret.value.reveal(), { mode: MODE });
  }
  const wanted = new Set(plan.secrets.map(({ name }) => basename(place.secret(name))));
  for (const name of await readdir(directory)) {
    if (!wanted.has(name)) await rm(`${directory}/${name}`, { force: true });
  }
}

async function isInPlace(path: string, { value }: SecretFile): Promise<boolean> {
  return (await readTextIfExists(path)) === value.reveal() && ((await stat(path)).mode & 0o777) === MODE;
}

/** Whether `writeSecretFiles` would change anything that the program reads. */
export async function secretsChange(plan: Plan, runtime: Pick<Runtime, 'place'>): Promise<boolean> {
  const place = runtime.place(plan.component);
  for (const secret of plan.secrets) if (!(await isInPlace(place.secret(secret.name), secret))) return true;
  return false;
}

/** Removes the secrets of components that no plan names any more. */
export async function pruneSecretFiles(
  plans: readonly Plan[],
  runtime: Pick<Runtime, 'place'>,
): Promise<void> {
  const [first] = plans;
  if (!first) return;
  const root = dirname(dirname(runtime.place(first.component).secret('any')));
  const wanted = new Set(
    plans.map(({ component }) => basename(dirname(runtime.place(component).secret('any')))),
  );
  for (const name of await readdir(root).catch(() => [])) {
    if (!wanted.has(name)) await rm(join(root, name), { recursive: true, force: true });
  }
}
