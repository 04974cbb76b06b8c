import type { ReadKit } from '../../backup/recovery-kit/parse-kit.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Command, CommandContext, CommandInput, CommandResult } from '../command.ts';
import { cliErrors } from '../errors.ts';
import type { Session } from '../session.ts';

export const backupKitCommand: Command = {
  description: `The recovery kit is what brings a stack back when its machine is lost: the secret half of the recovery key, the key
that backups are signed with, where they are, and what to type. This prints it again, without the secret half, which is
shown only once: when the key is made (by \`leitstand init\`, or here with --new).

--prove takes the kit, or an identity file of age, from where people keep it, and opens with it what is encrypted as
backups are, and a file of the newest backup. That is a proof with an age, as all are: once a year is enough.`,
  options: [
    {
      flags: '--new',
      description: 'make a new recovery key, and print its kit with the secret half, once',
    },
    {
      flags: '--kit <file>',
      description: 'with --new: write it to this new file (0600), outside of the directory of the stack',
    },
    {
      flags: '--prove <file>',
      description: 'try the secret half in this kit or identity file of age; - takes it from stdin',
    },
  ],
  examples: [
    { command: 'leitstand backup kit | lpr', shows: 'on paper, after the backups have moved' },
    { command: 'leitstand backup kit --new', shows: 'encrypt from now on, or to a new key' },
    { command: 'leitstand backup kit --prove /media/stick/kit.txt', shows: 'does what we keep open them?' },
    {
      command: "ssh vault 'cat kit.txt' | leitstand backup kit --prove -",
      shows: 'the same, without the secret on the disk of this machine',
    },
  ],
  exits: ['12  the secret half that was given opens none of it'],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    assertOneWish(input);
    const session = await openSession(context);
    try {
      const named = input.text('prove');
      if (named !== undefined) return await prove(context, session, named);
      return await (input.flag('new')
        ? makeNew(context, input, session)
        : printAgain(context, session.stack));
    } finally {
      session.close();
    }
  },
};

function assertOneWish(input: CommandInput): void {
  if (input.text('prove') !== undefined && (input.flag('new') || input.text('kit') !== undefined))
    throw cliErrors.error('LS-CLI-001', {
      what: '--prove tries a key that is there, and the others are about a new one',
      fix: 'leave one of them out; a new key is tried when it is made',
    });
  if (input.text('kit') !== undefined && !input.flag('new'))
    throw cliErrors.error('LS-CLI-001', {
      what: '--kit is for a kit with a secret half, which only --new has',
      fix: 'leitstand backup kit --new --kit FILE; or, without a secret: leitstand backup kit > FILE',
    });
}

async function printAgain(context: CommandContext, stack: Stack): Promise<CommandResult> {
  const [{ textOfKit }, { requireOwnKey }] = await Promise.all([
    import('../recovery/new-key.ts'),
    import('../open-repository.ts'),
  ]);
  await requireOwnKey(context, stack);
  const { recoveryKeys } = stack.backup;
  const text = await textOfKit(context, kitOf(stack), { recoveryKeys });
  return { exit: EXIT.ok, text: text.trimEnd(), json: { kit: text, recoveryKeys: [...recoveryKeys] } };
}

function kitOf({ name, language, stateDir, backup }: Stack) {
  return { name, language, stateDir, store: backup.store };
}

async function makeNew(
  context: CommandContext,
  input: CommandInput,
  session: Session,
): Promise<CommandResult> {
  const { stack, history } = session;
  const [{ kitPlace }, { handOverNewKey }, { recoveryClaim }, { requireOwnKey }, { dirname }] =
    await Promise.all([
      import('../recovery/kit-output.ts'),
      import('../recovery/new-key.ts'),
      import('../../backup/recovery-proof.ts'),
      import('../open-repository.ts'),
      import('node:path'),
    ]);
  await requireOwnKey(context, stack);
  const directory = dirname(stack.file);
  const place = await kitPlace(context, input, { directories: [directory, stack.stateDir], otherwise: '' });
  const recoveryKey = await handOverNewKey(context, kitOf(stack), { place, ask: true });
  history.proofs.append(recoveryClaim(recoveryKey, { origin: 'made' }), context.clock.now());
  const before = stack.backup.recoveryKeys;
  return {
    exit: EXIT.ok,
    text: [
      place.kind === 'file'
        ? `The recovery kit is in ${place.shown}. Print it, and take the file off this machine.`
        : 'The recovery kit was shown above, once.',
      '',
      'It counts once its public half stands in leitstand.yaml:',
      '',
      'backup:',
      '  recovery_keys:',
      `    - ${recoveryKey}`,
      ...(before.length === 0
        ? [
            '',
            'The next backup is encrypted, and a full one. Those that are there stay readable until retention takes them.',
          ]
        : [
            '',
            `In place of ${before.join(' and ')}, or beside it: each opens every backup that is made from then on.`,
            'Backups that are there still need the old key: keep its kit until retention has taken them. The next one is full.',
          ]),
    ].join('\n'),
    json: { recoveryKey, file: place.kind === 'file' ? place.path : null },
  };
}

async function prove(context: CommandContext, session: Session, named: string): Promise<CommandResult> {
  const { stack, history } = session;
  const [{ readKeyFile }, { assertOpens, recoveryClaim, shortKey }, { proveRecoveryKey }, { tryOnStored }] =
    await Promise.all([
      import('../recovery/key-file.ts'),
      import('../../backup/recovery-proof.ts'),
      import('../../repository/repository.ts'),
      import('../recovery/try-on-stored.ts'),
    ]);
  const { recoveryKeys } = stack.backup;
  if (recoveryKeys.length === 0)
    throw cliErrors.error('LS-CLI-001', {
      what: 'the configuration names no recovery key: its backups are not encrypted',
      fix: 'write the line `recovery-key` of the kit into `backup: {recovery_keys: [age1…]}`; a new one: leitstand backup kit --new',
    });
  const { identities, kit } = await readKeyFile(context, named);
  const proof = await proveRecoveryKey(recoveryKeys, identities);
  assertOpens(proof);
  const opening = proof.recipients.filter(({ opens }) => opens).map(({ recipient }) => recipient);
  const opened = await tryOnStored(context, stack, identities);
  const proofs = opening.map((recipient) =>
    history.proofs.append(
      recoveryClaim(recipient, { origin: 'kept', opened: opened.file }),
      context.clock.now(),
    ),
  );
  const others = recoveryKeys.filter((key) => !opening.includes(key));
  const outdated = kit ? await outdatedFor(stack, kit) : [];
  return {
    exit: EXIT.ok,
    text: [
      `PROVEN: the secret half of ${opening.map((key) => `${shortKey(key)}…`).join(' and ')} opens what is encrypted as backups are${opened.file ? '' : '.'}`,
      ...(opened.file
        ? [
            `  and ${opened.file.path} of snapshot ${opened.file.snapshot} (${opened.file.size} bytes), read from ${opened.label}.`,
          ]
        : [`  Not tried on a stored backup: ${opened.reason}.`]),
      ...others.map((key) => `Not tried: ${key}, of which somebody else has the secret half.`),
      ...outdated.map((what) => `warning: ${what}`),
      ...(outdated.length === 0 ? [] : [OUTDATED]),
    ].join('\n'),
    json: JSON.parse(
      JSON.stringify({
        proven: opening,
        notTried: others,
        stored: opened.file ?? null,
        outdated,
        proofs: proofs.map(({ id }) => id),
      }),
    ),
  };
}

const OUTDATED =
  'Its secret half is right, the rest of the kit is not: keep beside it what `leitstand backup kit` prints now, and restore with\n--kit THAT and --identity THIS.';

/** What a kit says wrongly of this stack. */
async function outdatedFor({ stateDir, backup }: Stack, kit: ReadKit): Promise<readonly string[]> {
  const [{ outdatedIn }, { loadSigningKey }, { join }] = await Promise.all([
    import('../../backup/recovery-kit/outdated.ts'),
    import('../../repository/keys.ts'),
    import('node:path'),
  ]);
  const { publicKey = kit.publicKey } = (await loadSigningKey(join(stateDir, 'keys'))) ?? {};
  return outdatedIn(kit, { publicKey, store: backup.store });
}
