import { dirname, join } from 'node:path';
import { findSecret } from '../../../config/secrets.ts';
import { loadVariables } from '../../../config/variables.ts';
import { readTextIfExists } from '../../../platform/files.ts';
import { Secret } from '../../../stack/secret.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, warn } from '../check.ts';
import { writtenSecretLines } from './secret-files.ts';
import { type Reference, referencesIn } from './secret-references.ts';
import { shapeProblem } from './secret-shape.ts';
import { trackedLines } from './secrets-in-git.ts';

export const secretsCheck: DoctorCheck = {
  name: 'secrets',
  title: 'secrets',
  needs: 'places',
  run: async (world) => {
    const { stack, alertmanager } = world;
    if (!stack) return [];
    const directory = dirname(stack.file);
    const text = (await readTextIfExists(stack.file)) ?? '';
    const { environment } = await loadVariables(directory, world.env);
    const lines = await Promise.all(
      referencesIn(text, stack.environment).map((reference) =>
        secretLine(reference, directory, environment, world),
      ),
    );
    return [
      ...lines.flat(),
      ...(alertmanager ? await writtenSecretLines(alertmanager) : []),
      ...(await trackedLines(stack, world)),
    ];
  },
};

async function secretLine(
  { name, path }: Reference,
  directory: string,
  environment: Awaited<ReturnType<typeof loadVariables>>['environment'],
  { mistakes, receivers }: DoctorWorld,
): Promise<DoctorLine[]> {
  const secret = await findSecret(name, directory, environment);
  if (secret instanceof Secret) {
    const problem = shapeProblem(path, secret.reveal(), receivers);
    if (problem === undefined) return [ok(name, 'there, and its form is right')];
    const place = `its value: in the environment, .env or ${join(directory, 'secrets', name)}`;
    return [
      problem.isCertain
        ? fail(name, problem.what, { fix: `correct ${place}` })
        : warn(name, problem.what, { fix: `look at ${place}` }),
    ];
  }
  const { what, fix } = secret instanceof Error ? secret.details : secret;
  // The file's own line says the same, and where.
  if (mistakes.some(({ details }) => details.what === what)) return [];
  return [fail(name, what, { fix: fix ?? `put ${name} into .env (mode 0600)` })];
}
