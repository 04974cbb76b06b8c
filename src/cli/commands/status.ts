import { LeitstandError } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { ProofStatus, StackStatus } from '../../deployment/status.ts';
import { isSalvaged, type Stack, type StorePlace } from '../../stack/stack.ts';
import type { Misbehaviour } from '../../stack/sandbox.ts';
import type { Session } from '../session.ts';
import type { Command, CommandContext } from '../command.ts';
import { misbehaviourJson, standingLine } from '../inbox/misbehaviour-text.ts';
import { formatAge, plural, table } from '../terminal.ts';

export const statusCommand: Command = {
  description: `Shows every component as its last probe found it, and every proof that the stack should have with its age
and its limit. What was never proven, or too long ago, counts as wrong: unknown is never green.`,
  examples: [
    { command: 'leitstand status', shows: 'the stack at a glance' },
    { command: 'leitstand proof show 13', shows: 'the evidence of a line, by the number that stands there' },
    { command: 'leitstand status || mail -s "look at the stack" ops@example.org', shows: 'from cron' },
  ],
  exits: [
    '0   everything is ready and freshly proven',
    '1   something is not',
    '4   an attached program refuses the credentials',
    '5   an attached program could not be asked: it is unknown, not down',
  ],
  run: async (context) => {
    const { openSession } = await import('../open-session.ts');
    const { readStatus } = await import('../../deployment/status.ts');
    const { attachedExit, expectedNow } = await import('../attached.ts');
    const { JOB_HEADER, jobRow, jobStates } = await import('../job-states.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const status = await readStatus({
        runtime: session.runtime,
        stack: session.stack,
        expected: await expectedNow(session, context.signal),
        problems: await problemsOf(session),
        warnings: await warningsOf(session.stack),
        latest: (kind, subject) => session.history.proofs.latest(kind, subject),
        jobs: await jobStates(session.stack, session.history, context.clock.now()),
        now: context.clock.now(),
      });
      const misbehaviours = session.history.misbehaviours.list(context.clock.now());
      return {
        exit:
          session.stack.runtime === 'external' ? attachedExit(status) : status.healthy ? EXIT.ok : EXIT.no,
        text: statusText(labelOf(session.stack), status, {
          now: context.clock.now(),
          options: optionsOf(context),
          jobs: status.jobs.length === 0 ? '' : table([JOB_HEADER, ...status.jobs.map(jobRow)]),
          misbehaviours,
        }),
        json: JSON.parse(
          JSON.stringify({
            stack: session.stack.name,
            ...status,
            misbehaviours: misbehaviours.map(misbehaviourJson),
          }),
        ),
      };
    } finally {
      session.close();
    }
  },
};

/** What has to be typed again for the proposed commands to be about this stack. */
function optionsOf({ file, environment }: CommandContext): string {
  const named = file === undefined ? '' : ` --file ${/^[\w./-]+$/.test(file) ? file : `'${file}'`}`;
  return `${named}${environment === undefined ? '' : ` --env ${environment}`}`;
}

function labelOf({ name, environment }: Stack): string {
  return environment === 'local' ? name : `${name} (${environment})`;
}

/** What the stack's file and its repository say against it. */
async function problemsOf({ stack, history, sources }: Session): Promise<string[]> {
  const problems = isSalvaged(stack)
    ? ['its file has mistakes (`leitstand plan` names them): what it should be is not known']
    : [];
  const { environmentMismatch } = await import('../../deployment/environment.ts');
  const mismatch = isSalvaged(stack) ? undefined : await environmentMismatch(stack);
  if (mismatch) problems.push(`${mismatch.what}: see \`leitstand status --env ${mismatch.applied}\``);
  const backedUp = sources.some(({ component }) => history.proofs.latestProven('backup', component));
  if (backedUp) {
    const problem = await repositoryProblem(stack.backup.store);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

/** Of a file with mistakes it is not known. */
async function warningsOf(stack: Stack): Promise<string[]> {
  const hasBackups = stack.runtime === 'native' || stack.components.some(({ attached }) => attached?.dataDir);
  if (isSalvaged(stack) || !hasBackups || stack.backup.recoveryKeys.length > 0) return [];
  return [(await import('../../backup/recovery-proof.ts')).NOT_ENCRYPTED];
}

/** Undefined when a repository is where the backups went. */
async function repositoryProblem(place: StorePlace): Promise<string | undefined> {
  const [{ openStore }, { isRepository }] = await Promise.all([
    import('../../repository/stores/open-store.ts'),
    import('../../repository/repository.ts'),
  ]);
  try {
    const store = await openStore(place);
    return (await isRepository(store))
      ? undefined
      : `its backups are gone: there is no repository in ${store.label}`;
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    return `its backups could not be looked at: ${error.details.what}${error.details.why === undefined ? '' : ` (${error.details.why})`}`;
  }
}

const NEXT: Readonly<Record<string, string>> = {
  'alert-delivery': 'leitstand alert test',
  backup: 'leitstand backup',
  drill: 'leitstand drill',
  'recovery-key': 'leitstand backup kit --prove FILE',
  verify: 'leitstand backup verify --rotate',
};

interface Shown {
  readonly now: Date;
  readonly options: string;
  readonly misbehaviours: readonly Misbehaviour[];
  /** What is done by schedule, as a table. */
  readonly jobs: string;
}

function statusText(name: string, status: StackStatus, { now, options, misbehaviours, jobs }: Shown): string {
  const components = status.components.map((component) => [
    component.component,
    component.state,
    component.since === undefined ? '' : formatAge(now.getTime() - Date.parse(component.since)),
    component.residentBytes === undefined ? '' : formatSize(component.residentBytes),
    component.restarts > 0 ? plural(component.restarts, 'restart') : '',
    component.reason ?? '',
  ]);
  const { daemon } = status.supervision;
  const own = daemon
    ? [
        [
          'daemon',
          daemon.state,
          formatAge(now.getTime() - Date.parse(daemon.since)),
          daemon.residentBytes === undefined ? '' : formatSize(daemon.residentBytes),
          '',
          daemon.reason ?? '',
        ],
      ]
    : [];
  const inbox = status.inbox
    ? [['inbox', status.inbox.state, '', '', '', status.inbox.reason ?? `port ${status.inbox.port}`]]
    : [];
  const next = nextSteps(status);
  const standing = standingLine(misbehaviours, now);
  return [
    `${name}: ${status.healthy ? 'all ready, all proven' : 'NOT ALL WELL'}`,
    '',
    ...status.problems.flatMap((problem) => [`WRONG: ${problem}`, '']),
    ...status.warnings.flatMap((warning) => [`warning: ${warning}`, '']),
    ...(status.supervision.supervised || status.components.every(({ pid }) => pid === undefined)
      ? []
      : [`NOBODY RESTARTS WHAT ENDS: ${status.supervision.reason ?? 'no daemon runs'}`, '']),
    status.supervision.supervised === 'elsewhere'
      ? attachedTable(status)
      : table([['COMPONENT', 'STATE', 'SINCE', 'MEMORY', '', ''], ...components, ...inbox, ...own]),
    ...(standing === undefined ? [] : ['', standing]),
    ...lastLines(status),
    ...proofTable(status),
    ...(jobs === '' ? [] : ['', jobs]),
    ...(next.length === 0 ? [] : ['', `Next: ${next.map((step) => `${step}${options}`).join(', ')}`]),
  ].join('\n');
}

function proofTable({ proofs }: StackStatus): string[] {
  if (proofs.length === 0) return [];
  const rows = proofs.map((proof) => [
    proof.kind,
    proof.subject,
    word(proof),
    proof.ageMs === undefined ? '' : formatAge(proof.ageMs),
    proof.limitMs === undefined ? '' : formatAge(proof.limitMs),
    proof.proof === undefined ? '' : `proof ${proof.proof}`,
    proof.reason ?? (proof.state === 'outdated' ? 'the configuration has changed since' : ''),
  ]);
  return ['', table([['PROOF', 'OF', 'RESULT', 'AGE', 'LIMIT', 'EVIDENCE', ''], ...rows])];
}

/** What somebody else runs: since when and with how much memory is not to be seen from here. */
function attachedTable({ components }: StackStatus): string {
  return table([
    ['COMPONENT', 'STATE', 'VERSION', 'URL', ''],
    ...components.map(({ component, state, version = '', url = '', reason = '' }) => [
      component,
      state,
      version,
      url,
      reason,
    ]),
  ]);
}

/** What programs that crash wrote last. */
function lastLines({ components }: StackStatus): string[] {
  return components.flatMap(({ component, lastLines: lines = [] }) =>
    lines.length === 0
      ? []
      : ['', `${component} wrote last:`, ...lines.map((line) => `  ${line.slice(0, 300)}`)],
  );
}

function word(proof: ProofStatus): string {
  return proof.state === 'proven' ? 'proven' : proof.state.toUpperCase();
}

function nextSteps(status: StackStatus): string[] {
  const running = status.components.every(({ state }) => state === 'ready') && status.supervision.supervised;
  const steps = running || status.supervision.supervised === 'elsewhere' ? [] : ['leitstand up'];
  for (const { kind, state } of status.proofs) {
    const step = NEXT[kind];
    if (state !== 'proven' && step !== undefined && !steps.includes(step)) steps.push(step);
  }
  for (const { name, condition } of status.jobs)
    if (condition === 'failed' || condition === 'missed') steps.push(`leitstand schedule run ${name}`);
  return steps;
}
