import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { unfinishedName } from '../platform/files.ts';
import type { RunProgram } from '../platform/processes.ts';
import { plural } from '../platform/units.ts';
import type { Plan } from '../stack/plan.ts';
import type { NeededProgram } from '../stack/program.ts';
import type { OnProgress } from '../stack/progress.ts';
import type { ExpectedProof } from '../stack/proof.ts';
import type {
  ApplyRequest,
  ComponentAction,
  ComponentActions,
  FurtherDuties,
  Runtime,
} from '../stack/runtime.ts';
import type { Stack } from '../stack/stack.ts';
import { formatVersion } from '../stack/version.ts';
import { type FileDifference, fileDifferences, launchDifferences } from './differences.ts';
import { recordEnvironment, refuseOtherEnvironment } from './environment.ts';
import {
  activateGeneration,
  nameGeneration,
  currentGeneration,
  type Generation,
  generationsRoot,
  pruneGenerations,
  stageForJudgement,
  stageGeneration,
} from './generation.ts';
import { logPushUrl } from './log-push.ts';
import { type ComponentRegistry, makePlans, neededPrograms, type Programs } from './plans.ts';
import { withStackLock, writable } from './stack-lock.ts';
import { pruneSecretFiles, secretsChange, writeSecretFiles } from './secret-files.ts';
import { type Candidate, validateCandidates } from './validate.ts';

export interface Deployment {
  readonly stack: Stack;
  readonly components: ComponentRegistry;
  readonly runtime: Runtime;
  /** Whose ages the daemon shall show. */
  readonly expectedProofs: readonly ExpectedProof[];
  /** What else the daemon shall do. */
  readonly furtherDuties?: FurtherDuties;
  readonly provision: (specs: readonly NeededProgram[]) => Promise<Programs>;
  readonly run: RunProgram;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  readonly allowDowngrade?: boolean;
}

export interface PlannedChange extends ComponentChange {
  readonly files: readonly FileDifference[];
  /** How the process would be started otherwise: `- ` as it was, `+ ` as it would be. */
  readonly launch: readonly string[];
}

export interface ComponentChange {
  readonly component: string;
  readonly version: string;
  readonly origin: string;
  readonly action: ComponentAction;
  readonly filesChanged: boolean;
  /** Taken over at the program's next use of it, without reload. */
  readonly secretsChanged: boolean;
}

/** Where the files of a candidate are written, under its generation's name; `link` is what its program reads. */
type StageOne = (plan: Plan, name: string, link: string) => Promise<Generation>;

/** Rendered and judged, nothing touched yet: the one road to both `plan` and `up`. */
interface Prepared {
  readonly candidates: readonly Candidate[];
  readonly request: ApplyRequest;
  readonly changed: ReadonlySet<string>;
  readonly newSecrets: ReadonlySet<string>;
}

/** Renders, validates, switches and applies. Changes nothing that is right; safe to cancel and to run again. */
export async function up(deployment: Deployment): Promise<ComponentChange[]> {
  return withStackLock(deployment.stack, 'up', async () => {
    await refuseOtherEnvironment(deployment.stack);
    const prepared = await prepare(
      deployment,
      ['programs', 'render', 'validate', 'apply'],
      (plan, name, link) => stageGeneration(plan, generationsRoot(link), name),
    );
    const actions = await timed(
      deployment,
      'apply',
      async () => {
        await deployment.runtime.assertStartable(prepared.request);
        await writable(deployment.stack, () => recordEnvironment(deployment.stack));
        for (const { plan, generation } of prepared.candidates) {
          await writable(deployment.stack, async () => {
            await writeSecretFiles(plan, deployment.runtime);
            await activateGeneration(generation, linkOf(deployment, plan));
            await mkdir(deployment.runtime.dataDir(plan.component), { recursive: true, mode: 0o700 });
          });
        }
        return deployment.runtime.apply(prepared.request, (text) =>
          deployment.onProgress({ type: 'step', text }),
        );
      },
      summarise,
    );
    await pruneAfter(deployment, prepared);
    return changes(prepared, actions);
  });
}

/** What `up` would do. Renders into a folder of its own and asks the validators; touches nothing that `up` does. */
export async function previewUp(deployment: Deployment): Promise<PlannedChange[]> {
  const { runtime } = deployment;
  const root = join(deployment.stack.stateDir, 'run', unfinishedName('plan'));
  try {
    const prepared = await prepare(deployment, ['programs', 'render', 'validate'], (plan, name) =>
      stageForJudgement(plan, root, name),
    );
    const planned = changes(prepared, await runtime.preview(prepared.request));
    const plans = new Map(prepared.candidates.map(({ plan }) => [plan.component, plan]));
    return await Promise.all(
      planned.map(async (change) => {
        const plan = plans.get(change.component);
        if (!plan) return { ...change, files: [], launch: [] };
        const files = await fileDifferences(plan, linkOf(deployment, plan));
        return { ...change, files, launch: launchDifferences(plan, await runtime.launched(plan.component)) };
      }),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function prepare(
  deployment: Deployment,
  phases: readonly string[],
  stageOne: StageOne,
): Promise<Prepared> {
  const { stack, components, runtime, onProgress } = deployment;
  phases.forEach((phase, index) => {
    onProgress({ type: 'phase', phase, index: index + 1, total: phases.length });
  });
  const programs = await timed(
    deployment,
    'programs',
    () => deployment.provision(neededPrograms(stack, components)),
    (found) => `${found.size} programs`,
  );
  const candidates = await timed(
    deployment,
    'render',
    () => writable(stack, () => stage(deployment, makePlans(stack, components, programs, runtime), stageOne)),
    (staged) =>
      `${plural(
        staged.reduce((sum, { plan }) => sum + plan.files.length, 0),
        'file',
      )} of ${plural(staged.length, 'component')}`,
  );
  await timed(
    deployment,
    'validate',
    () => validateCandidates(candidates, deployment.run, deployment.signal),
    () => 'accepted by the programs themselves',
  );
  const changed = new Set<string>();
  const newSecrets = new Set<string>();
  for (const { plan, generation } of candidates) {
    if (await secretsChange(plan, runtime)) newSecrets.add(plan.component);
    if ((await currentGeneration(linkOf(deployment, plan))) !== generation.name) changed.add(plan.component);
  }
  const request = {
    stack: stack.name,
    inbox: stack.inbox,
    daemon: {
      port: stack.daemon.port,
      environment: stack.environment,
      logPush: logPushUrl(stack, components, runtime),
      expected: deployment.expectedProofs,
      ...deployment.furtherDuties,
    },
    allowDowngrade: deployment.allowDowngrade === true,
    applications: candidates.map(({ plan, generation }) => ({ plan, filesHash: generation.name })),
    signal: deployment.signal,
  };
  return { candidates, request, changed, newSecrets };
}

async function stage(
  deployment: Deployment,
  plans: readonly Plan[],
  stageOne: StageOne,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const plan of plans) {
    const link = linkOf(deployment, plan);
    const name = await nameGeneration(plan, generationsRoot(link));
    candidates.push({ plan, generation: await stageOne(plan, name, link) });
  }
  return candidates;
}

function linkOf(deployment: Deployment, plan: Plan): string {
  return deployment.runtime.place(plan.component).config;
}

async function pruneAfter(deployment: Deployment, { candidates }: Prepared): Promise<void> {
  const [first] = candidates;
  if (!first) return;
  await pruneGenerations(
    dirname(linkOf(deployment, first.plan)),
    candidates.map(({ generation }) => generation),
  );
  await pruneSecretFiles(
    candidates.map(({ plan }) => plan),
    deployment.runtime,
  );
}

function changes(
  { candidates, changed, newSecrets }: Prepared,
  actions: ComponentActions,
): ComponentChange[] {
  const wanted = candidates.map(({ plan }) => ({
    component: plan.component,
    version: formatVersion(plan.program.version),
    origin: plan.program.origin,
    action: actions[plan.component] ?? 'none',
    filesChanged: changed.has(plan.component),
    secretsChanged: newSecrets.has(plan.component),
  }));
  const known = new Set(wanted.map(({ component }) => component));
  const stopped = Object.entries(actions)
    .filter(([component]) => !known.has(component))
    .map(([component, action]) => ({
      component,
      version: '',
      origin: '',
      action,
      filesChanged: false,
      secretsChanged: false,
    }));
  return [...wanted, ...stopped];
}

function summarise(actions: ComponentActions): string {
  const done = Object.entries(actions).filter(([, action]) => action !== 'none');
  return done.length === 0
    ? 'nothing to change'
    : done.map(([component, action]) => `${component}: ${action}`).join(', ');
}

async function timed<T>(
  { clock, onProgress, signal }: Deployment,
  phase: string,
  work: () => Promise<T>,
  text: (result: T) => string,
): Promise<T> {
  signal?.throwIfAborted();
  const start = clock.monotonic();
  const result = await work();
  onProgress({ type: 'done', phase, text: text(result), elapsedMs: clock.monotonic() - start });
  return result;
}
