import { LeitstandErrors, type LeitstandError } from '../platform/errors.ts';
import type { RunProgram } from '../platform/processes.ts';
import type { Plan, Validator } from '../stack/plan.ts';
import { deploymentErrors } from './errors.ts';
import type { Generation } from './generation.ts';

const MAX_LINES = 20;

export interface Candidate {
  readonly plan: Plan;
  readonly generation: Generation;
}

/** Asks the programs' own validators, all of them, so that one run reports everything. */
export async function validateCandidates(
  candidates: readonly Candidate[],
  run: RunProgram,
  signal?: AbortSignal,
): Promise<void> {
  const verdicts = await Promise.all(
    candidates.flatMap(({ plan, generation }) =>
      plan.validators.map((validator) => judge(validator, plan, generation, run, signal)),
    ),
  );
  const refusals = verdicts.filter((verdict) => verdict !== undefined);
  if (refusals.length > 0) throw new LeitstandErrors(refusals);
}

async function judge(
  validator: Validator,
  plan: Plan,
  generation: Generation,
  run: RunProgram,
  signal: AbortSignal | undefined,
): Promise<LeitstandError | undefined> {
  const args = validator.args(generation.directory);
  const result = await run(validator.program.path, args, { signal, timeoutMs: 60_000, env: {} });
  if (result.exitCode === 0) return undefined;
  return deploymentErrors.error('LS-DEPLOY-001', {
    what: `${validator.program.name} refuses what was rendered for ${plan.component}`,
    why: result.timedOut
      ? 'it gave no answer within 60 s'
      : `\`${validator.program.name} ${args.slice(0, 2).join(' ')}\` ended with ${result.exitCode}`,
    detail: `${result.stdout}\n${result.stderr}`
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-MAX_LINES),
    // Where it was rendered may be gone by now: a plan leaves nothing behind.
    fix: 'correct what it names, in leitstand.yaml or in your rule files; nothing that runs was touched',
  });
}
