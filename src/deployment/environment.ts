import { join } from 'node:path';
import { readTextIfExists, writeFileAtomic } from '../platform/files.ts';
import { ENVIRONMENTS, type EnvironmentName, type Stack } from '../stack/stack.ts';
import { deploymentErrors } from './errors.ts';

type Place = Pick<Stack, 'stateDir'>;

/** The environment that `up` last applied here; undefined before the first. Outlives `down`: the data is still its. */
export async function appliedEnvironment(stack: Place): Promise<EnvironmentName | undefined> {
  const text = (await readTextIfExists(fileOf(stack)))?.trim();
  return ENVIRONMENTS.find((name) => name === text);
}

export async function recordEnvironment(stack: Place & Pick<Stack, 'environment'>): Promise<void> {
  if ((await appliedEnvironment(stack)) === stack.environment) return;
  await writeFileAtomic(fileOf(stack), `${stack.environment}\n`);
}

/**
 * Throws LS-DEPLOY-006 rather than turn a production stack into a local one because `--env` was forgotten. Who names
 * the environment means it.
 */
export async function refuseOtherEnvironment(stack: Stack): Promise<void> {
  const applied = await appliedEnvironment(stack);
  if (applied === undefined || applied === stack.environment || stack.isEnvironmentChosen) return;
  throw deploymentErrors.error('LS-DEPLOY-006', {
    what: `this stack was started as ${applied}, and nothing says that it shall become ${stack.environment}`,
    why: `without \`--env\` and LEITSTAND_ENV the file means ${stack.environment}`,
    where: { file: stack.file },
    fix: `leitstand up --env ${applied} (for good: LEITSTAND_ENV=${applied} in .env); if the change is meant: leitstand up --env ${stack.environment}`,
  });
}

/** For commands that work on what runs. Throws LS-DEPLOY-006: they would ask one stack about another's receivers. */
export async function requireAppliedEnvironment(stack: Stack): Promise<void> {
  const mismatch = await environmentMismatch(stack);
  if (mismatch === undefined) return;
  throw deploymentErrors.error('LS-DEPLOY-006', {
    what: mismatch.what,
    where: { file: stack.file },
    fix: `run the command again with \`--env ${mismatch.applied}\` (for good: LEITSTAND_ENV=${mismatch.applied} in .env)`,
  });
}

/** Undefined where what was applied last is what the command is about. */
export async function environmentMismatch(
  stack: Stack,
): Promise<{ readonly applied: EnvironmentName; readonly what: string } | undefined> {
  const applied = await appliedEnvironment(stack);
  if (applied === undefined || applied === stack.environment) return undefined;
  const meant = stack.isEnvironmentChosen ? 'was asked for' : 'is what the file means by itself';
  return { applied, what: `this stack runs as ${applied}, and ${stack.environment} ${meant}` };
}

function fileOf({ stateDir }: Place): string {
  return join(stateDir, 'environment');
}
