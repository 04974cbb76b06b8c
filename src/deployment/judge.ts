import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LeitstandErrors, type LeitstandError } from '../platform/errors.ts';
import { unfinishedName } from '../platform/files.ts';
import type { Plan } from '../stack/plan.ts';
import type { Pack } from '../rules/pack.ts';
import { type PackFailure, testPacks } from '../rules/test-packs.ts';
import { stageForJudgement } from './generation.ts';
import { stackPacks } from './offers.ts';
import { makePlans, neededPrograms, type Programs } from './plans.ts';
import { writable } from './stack-lock.ts';
import type { Deployment } from './up.ts';
import { validateCandidates } from './validate.ts';

export interface JudgedStack {
  readonly plans: readonly Plan[];
  /** Under way already, so that whoever asks can look at the plans meanwhile. */
  readonly verdicts: Promise<Verdicts>;
}

export interface Verdicts {
  /** What the programs' own validators refuse: LS-DEPLOY-001. */
  readonly refusals: readonly LeitstandError[];
  /** Shipped rules that do not do any more, with the stack's settings, what their unit tests say. */
  readonly ruleFailures: readonly PackFailure[];
}

/**
 * Renders the stack into a folder of its own, asks all validators, and runs the tests of the rules that it changes; a no
 * is part of the answer.
 */
export async function judgeStack(deployment: Deployment): Promise<JudgedStack> {
  const { stack, components, runtime } = deployment;
  const programs = await deployment.provision(neededPrograms(stack, components));
  const plans = makePlans(stack, components, programs, runtime);
  return { plans, verdicts: judge(deployment, plans, programs) };
}

async function judge(deployment: Deployment, plans: readonly Plan[], programs: Programs): Promise<Verdicts> {
  const { stack, run, signal } = deployment;
  const root = join(stack.stateDir, 'run', unfinishedName('check'));
  try {
    const candidates = await writable(stack, () =>
      Promise.all(
        plans.map(async (plan) => ({
          plan,
          generation: await stageForJudgement(plan, root, plan.component),
        })),
      ),
    );
    const promtool = programs.get('promtool')?.path;
    const directory = join(root, 'rule-tests');
    const [refusals, ruleFailures] = await Promise.all([
      refusalsOf(() => validateCandidates(candidates, run, signal)),
      promtool === undefined
        ? []
        : testPacks(changedPacks(deployment), stack, { promtool, run, directory, signal }),
    ]);
    return { refusals, ruleFailures };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The shipped rules that the stack changes; the others are as they were tested before they were shipped. */
function changedPacks({ stack, components }: Deployment): Pack[] {
  if (Object.keys(stack.rules.alerts).length === 0) return [];
  const isChanged = (name: string) => Object.hasOwn(stack.rules.alerts, name);
  return stackPacks(stack, components).flatMap((pack) => {
    const groups = pack.groups
      .map((group) => ({ ...group, alerts: group.alerts.filter(({ name }) => isChanged(name)) }))
      .filter(({ alerts }) => alerts.length > 0);
    return groups.length === 0 ? [] : [{ ...pack, groups }];
  });
}

async function refusalsOf(validate: () => Promise<void>): Promise<readonly LeitstandError[]> {
  try {
    await validate();
    return [];
  } catch (error) {
    if (error instanceof LeitstandErrors) return error.errors;
    throw error;
  }
}
