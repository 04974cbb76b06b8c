import { EXIT, type ExitCode } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { Repository } from '../../repository/repository.ts';
import type { VerifyLevel, VerifyRequest, VerifyResult } from '../../repository/verify.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { IDENTITY_OPTION, identitiesOf, KIT_OPTION, REPOSITORY_OPTION } from '../recovery/key-file.ts';
import { formatAge, plural, table } from '../terminal.ts';

const LEVELS = ['presence', 'stored', 'content'] as const;
/** Paths named for each damaged object; JSON has all. */
const SHOWN_PATHS = 20;
const UNRECORDED =
  'By the kit: neither put on record nor a proof. On the machine itself both: leitstand backup verify --identity KIT';

export const backupVerifyCommand: Command = {
  description: `Reads the repository and holds it against its own records. \`presence\`: every object is there in its size;
\`stored\`: every stored byte hashes to its name; \`content\`: every file decodes to its own hash. Signatures of the
records are checked at each level. Damage is read once more before it is called so, and named with the paths it hits.
What only a drill can tell is whether the programs can use the data.

--rotate is for every night: it looks at the presence of everything and reads a share, so that every stored byte is read
within \`backup.verify.days\` (30), also when a night is missed: what came in first, then what was read longest ago. When
what was read is kept in the repository itself, so that any host can go on.

This host has keys to the newest two encrypted backups of each source. At level \`content\` the older ones take the recovery
key: --identity with the kit. With --kit the kit says where the backups are as well, on any machine and without the stack.`,
  options: [
    { flags: '--level <level>', description: 'how deep (default: content)', choices: LEVELS },
    { flags: '--rotate', description: 'only what is due today, at level stored' },
    IDENTITY_OPTION,
    KIT_OPTION,
    REPOSITORY_OPTION,
  ],
  examples: [
    { command: 'leitstand backup verify', shows: 'everything, down to every file' },
    { command: 'leitstand backup verify --rotate', shows: "tonight's share" },
    { command: 'leitstand backup verify --level presence', shows: 'quickly, without reading data' },
    {
      command: 'leitstand backup verify --identity kit.txt',
      shows: 'every file, of older encrypted backups too',
    },
    {
      command: 'leitstand backup verify --kit kit.txt',
      shows: 'the same from another machine, which has nothing but the kit',
    },
  ],
  exits: [
    '1   something is damaged, missing or altered',
    '5   nothing is damaged, but some of it is encrypted and no key is here to decode it',
    '10  there is no repository yet',
  ],
  run: async (context, input) => {
    const { assertKitOptions } = await import('../recovery/open-kit.ts');
    assertKitOptions(input);
    const level = levelOf(input);
    return input.text('kit') === undefined
      ? verifyOwn(context, input, level)
      : verifyByKit(context, input, level);
  },
};

/** Of the stack here: what was read is put on record, and the result is a proof. */
async function verifyOwn(
  context: CommandContext,
  input: CommandInput,
  level: VerifyLevel,
): Promise<CommandResult> {
  const [{ openSession }, { openStackRepository }, { verifyClaim }, { newestMade }, { publishMetrics }] =
    await Promise.all([
      import('../open-session.ts'),
      import('../open-repository.ts'),
      import('../../backup/verify-proof.ts'),
      import('../../backup/made-snapshots.ts'),
      import('../publish-backup-metrics.ts'),
    ]);
  const identities = await identitiesOf(context, input);
  const session = await openSession(context, { inNeed: true });
  try {
    const repository = await openStackRepository(context, session.stack, identities);
    const rotateDays = input.flag('rotate') ? session.stack.backup.verify.days : undefined;
    const components = session.sources.map(({ component }) => component);
    const expected = [...newestMade(session.history.proofs, components).values()];
    const start = context.clock.monotonic();
    const result = await verified(context, repository, { level, rotateDays, expected });
    const claim = verifyClaim(result, {
      rotateDays,
      elapsedMs: context.clock.monotonic() - start,
      maxAgeMs: session.stack.backup.schedule.maxAgeMs.verify,
    });
    if (claim) session.history.proofs.append(claim, context.clock.now());
    const untold = claim ? await publishMetrics(session, context) : [];
    const warnings = untold.map(({ message }) => `warning: ${message}`);
    return resultOf(result, { rotateDays, now: context.clock.now(), more: warnings });
  } finally {
    session.close();
  }
}

/** Of a machine that is lost, or not this one. A kit has no key to sign with, and the history lies elsewhere. */
async function verifyByKit(
  context: CommandContext,
  input: CommandInput,
  level: VerifyLevel,
): Promise<CommandResult> {
  const { openBackups } = await import('../open-backups.ts');
  const backups = await openBackups(context, input);
  try {
    const result = await verified(context, backups.repository, { level });
    return resultOf(result, { now: context.clock.now(), more: [UNRECORDED] });
  } finally {
    backups.close();
  }
}

async function verified(
  context: CommandContext,
  repository: Repository,
  request: Pick<VerifyRequest, 'level' | 'rotateDays' | 'expected'>,
): Promise<VerifyResult> {
  const { transferSteps } = await import('../transfer-steps.ts');
  const say = transferSteps(context, 'read');
  return repository.verify({
    ...request,
    signal: context.signal,
    onProgress: ({ bytesRead, bytesDue }) => say(bytesRead, bytesDue),
  });
}

interface Told {
  readonly rotateDays?: number | undefined;
  readonly now: Date;
  /** Lines below the result. */
  readonly more: readonly string[];
}

function resultOf(result: VerifyResult, { rotateDays, now, more }: Told): CommandResult {
  return {
    exit: exitOf(result),
    text: [...resultText(result, rotateDays, now), ...more].join('\n'),
    json: JSON.parse(JSON.stringify({ ...result, ...(rotateDays === undefined ? {} : { rotateDays }) })),
  };
}

function levelOf(input: CommandInput): VerifyLevel {
  const asked = LEVELS.find((candidate) => candidate === input.text('level'));
  if (!input.flag('rotate')) return asked ?? 'content';
  if (input.text('kit') !== undefined)
    throw cliErrors.error('LS-CLI-001', {
      what: '--rotate puts on record what was read, and a kit has no key to sign that with',
      fix: 'leave it out: leitstand backup verify --kit FILE --level stored',
    });
  if (asked === undefined || asked === 'stored') return 'stored';
  throw cliErrors.error('LS-CLI-001', {
    what: `--rotate reads stored bytes, so it cannot be of level \`${asked}\``,
    fix: `leave out one of them: leitstand backup verify --rotate, or leitstand backup verify --level ${asked}`,
  });
}

/** What could not be decoded is never reported as good. */
function exitOf({ findings, undecoded }: VerifyResult): ExitCode {
  if (findings.length > 0) return EXIT.no;
  return undecoded.length > 0 ? EXIT.couldNotCheck : EXIT.ok;
}

function resultText(result: VerifyResult, rotateDays: number | undefined, now: Date): string[] {
  const { findings, misread, notRecorded } = result;
  const summary = summaryOf(result, rotateDays, now);
  return [
    ...(findings.length === 0
      ? [`${result.undecoded.length === 0 ? 'Intact' : 'Not all could be decoded'}: ${summary}`]
      : [...damageText(result), '', `DAMAGED: ${plural(findings.length, 'finding')} in ${summary}`]),
    ...result.damaged
      .filter((object) => !findings.some((finding) => finding.object === object))
      .map((object) => `known to be damaged since an earlier run, and not read by this one: ${object}`),
    ...undecodedText(result),
    ...misread.map(
      (object) =>
        `warning: ${object} came wrong, and right when it was read again: look at the memory, the disk or the network`,
    ),
    ...(notRecorded
      ? [
          `warning: what was read could not be put on record: ${notRecorded.message}. --rotate will read it again`,
        ]
      : []),
  ];
}

function undecodedText({ undecoded }: VerifyResult): string[] {
  if (undecoded.length === 0) return [];
  return [
    `${plural(undecoded.length, 'encrypted object')} could not be decoded here, since no key opens it; what is stored was read, and is as it was written:`,
    ...undecoded.slice(0, SHOWN_PATHS).map((object) => `  ${object}`),
    ...(undecoded.length > SHOWN_PATHS
      ? [`  and ${undecoded.length - SHOWN_PATHS} more (--json names them)`]
      : []),
    'This host has keys to its newest backups only. To decode all, give the recovery key: --identity FILE',
  ];
}

function summaryOf(
  { counts, stored, level, oldestUnverifiedAt }: VerifyResult,
  rotateDays: number | undefined,
  now: Date,
): string {
  const { records, lists, packs, files, bytesRead } = counts;
  const parts = [
    [plural(records, 'record'), plural(lists, 'list'), plural(packs, 'pack')],
    level === 'content' ? [plural(files, 'file')] : [],
  ].flat();
  const age =
    rotateDays === undefined || oldestUnverifiedAt === undefined
      ? ''
      : `; the oldest byte was read back or came ${formatAge(now.getTime() - Date.parse(oldestUnverifiedAt))} ago (limit: ${rotateDays} d)`;
  const how = rotateDays === undefined ? level : 'what is due';
  return `${parts.join(', ')}; ${formatSize(bytesRead)} of ${formatSize(stored.bytes)} read (${how})${age}`;
}

function damageText({ findings, damaged }: VerifyResult): string[] {
  return [
    table(findings.map(({ object, problem }) => [object, problem])),
    ...findings.flatMap(({ object, paths }) => [
      ...paths.slice(0, SHOWN_PATHS).map((path) => `  hits ${path}`),
      ...(paths.length > SHOWN_PATHS
        ? [`  and ${paths.length - SHOWN_PATHS} more files of ${object} (--json names them)`]
        : []),
    ]),
    ...(damaged.length === 0 ? [] : ['', ...REPAIR]),
  ];
}

const REPAIR = [
  'What to do: fetch these objects again from a copy of the repository, if there is one. In any case `leitstand backup`',
  'builds upon none of them and stores anew what its sources still have. Backups made before restore without the files',
  'above: `leitstand restore --keep-going`.',
];
