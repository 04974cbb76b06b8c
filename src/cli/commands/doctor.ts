import type { DoctorFinding, DoctorReport } from '../../inspection/doctor/run-doctor.ts';
import type { Json } from '../../platform/canonical-json.ts';
import { EXIT, type ExitCode } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';

export const doctorCommand: Command = {
  description: `Looks at this machine with the eyes of the stack: ports, disks, memory, open files, clock, versions, rights of
files, secrets (their form, and whether git holds them), the way to every receiver, the start at boot. It changes
nothing and sends nothing: to receivers it connects, and hangs up. What could not be looked at is \`unknown\`, never
\`ok\`. Works without a leitstand.yaml, and with one that has mistakes.`,
  options: [{ flags: '--all', description: 'also what is as it should be, each with what was found' }],
  examples: [
    { command: 'leitstand doctor', shows: 'what is not as it should be, and what to do about it' },
    { command: 'leitstand doctor --all', shows: 'everything that was looked at' },
    { command: 'leitstand doctor --env production', shows: 'before the first `up` there' },
  ],
  exits: [
    '0   nothing failed; there may be warnings',
    '1   something failed',
    '5   nothing failed, but something that the stack depends on could not be looked at',
  ],
  run: async (context, input) => {
    const [{ runDoctor }, { doctorWorld }] = await Promise.all([
      import('../../inspection/doctor/run-doctor.ts'),
      import('../doctor/doctor-world.ts'),
    ]);
    const world = await doctorWorld(context);
    const report = await runDoctor(world);
    const scope = world.stack ? `the stack ${world.stack.name} (${world.stack.environment})` : undefined;
    return {
      exit: EXITS[report.verdict],
      text: [
        ...report.findings.filter(({ verdict }) => input.flag('all') || verdict !== 'ok').map(findingText),
        summary(report, scope),
      ].join('\n'),
      json: { stack: world.stack?.name ?? null, ...report } as unknown as Json,
    };
  },
};

const EXITS: Readonly<Record<DoctorReport['verdict'], ExitCode>> = {
  ok: EXIT.ok,
  fail: EXIT.no,
  unknown: EXIT.couldNotCheck,
};

const WORDS: Readonly<Record<DoctorFinding['verdict'], string>> = {
  ok: 'ok     ',
  warn: 'WARN   ',
  fail: 'FAIL   ',
  unknown: 'unknown',
};

function findingText({ verdict, check, subject, found, wanted, fix }: DoctorFinding): string {
  if (verdict === 'ok') return `${WORDS.ok}  ${check}: ${subject}: ${found}`;
  return [
    `${WORDS[verdict]}  ${check}: ${subject}`,
    `         found   ${found}`,
    ...(wanted === undefined ? [] : [`         wanted  ${wanted}`]),
    ...(fix === undefined ? [] : [`         fix     ${fix}`]),
    '',
  ].join('\n');
}

function summary({ counts, verdict }: DoctorReport, scope: string | undefined): string {
  const parts = [
    `${counts.ok} ok`,
    ...(counts.warn > 0 ? [`${counts.warn} WARN`] : []),
    ...(counts.fail > 0 ? [`${counts.fail} FAIL`] : []),
    ...(counts.unknown > 0 ? [`${counts.unknown} unknown`] : []),
  ].join(', ');
  const word = {
    ok: counts.warn + counts.unknown === 0 ? 'fit' : 'nothing failed',
    fail: 'NOT FIT',
    unknown: 'NOT KNOWN whether it is fit',
  }[verdict];
  return `${scope ?? 'this machine (there is no leitstand.yaml: no stack was looked at)'}: ${word}; ${parts}`;
}
