import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inboxFiles } from '../../inbox/place.ts';
import { LeitstandError } from '../../platform/errors.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import { ensureDirectory } from '../../platform/files.ts';
import type { Command, CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { hostInbox } from '../host-inbox.ts';
import { messageLine } from '../inbox/message-line.ts';
import { isLoopback, namesOf, placesText } from '../inbox/places.ts';
import { shellWord } from '../shell-word.ts';

const DEFAULT_PORT = 5001;

export const inboxServeCommand: Command = {
  description: `Runs the inbox until it is interrupted, and shows each message as it comes: a sink for anybody's Alertmanager that
is as strict as the providers. HTTP, HTTPS, SMTP and SMTPS on one port.

With a leitstand.yaml it keeps what comes with the stack's records, on the port of \`inbox:\`; beside a stack of its
own \`leitstand up\` opens it. Without one it needs nothing, and forgets everything at the end unless --state names a
directory.`,
  options: [
    {
      flags: '--port <port>',
      description: `of the loopback; without a leitstand.yaml ${DEFAULT_PORT} unless said`,
    },
    { flags: '--host <host>', description: 'the address to listen on', default: '127.0.0.1' },
    {
      flags: '--state <dir>',
      description: 'keep messages and the certificate here, whatever leitstand.yaml says',
    },
  ],
  examples: [
    { command: 'leitstand inbox serve', shows: 'then point a receiver of any Alertmanager to it' },
    {
      command: 'leitstand inbox serve --state ./inbox',
      shows: 'its ca.pem stays the same, and `inbox list` works',
    },
    { command: 'leitstand inbox serve --host 0.0.0.0', shows: 'for an Alertmanager in a container' },
  ],
  exits: ['0   ended by Ctrl-C or SIGTERM', '6   the port is taken'],
  run: async (context, input) => {
    const port = portOf(input.text('port'));
    const host = input.text('host') ?? '127.0.0.1';
    const place = await placeOf(context, input.text('state'));
    try {
      const inbox = await hostInbox(context, place.stateDir, {
        host,
        names: namesOf(host),
        onMessage: (message) => context.output.line(messageLine(message)),
        onTrouble: context.output.talk,
      })(port ?? place.port);
      await announce(context, { ...place, host, port: inbox.port });
      await untilAborted(context.signal);
      await inbox.close();
      return { exit: EXIT.ok, text: '', json: { port: inbox.port } };
    } finally {
      if (place.kind === 'passing') await rm(place.stateDir, { recursive: true, force: true });
    }
  },
};

interface Place {
  /** `passing` ends with the command. */
  readonly kind: 'stack' | 'named' | 'passing';
  readonly stateDir: string;
  readonly port: number;
}

async function placeOf(context: CommandContext, named: string | undefined): Promise<Place> {
  if (named !== undefined)
    return {
      kind: 'named',
      stateDir: await ensureDirectory(resolve(context.cwd, named)),
      port: DEFAULT_PORT,
    };
  const { loadStack } = await import('../load-stack.ts');
  try {
    const stack = await loadStack(context);
    return { kind: 'stack', stateDir: await ensureDirectory(stack.stateDir), port: stack.inbox.port };
  } catch (error) {
    if (!(error instanceof LeitstandError) || error.code !== 'LS-CLI-002') throw error;
    return {
      kind: 'passing',
      stateDir: await mkdtemp(join(tmpdir(), 'leitstand-inbox-')),
      port: DEFAULT_PORT,
    };
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw cliErrors.error('LS-CLI-001', {
    what: `--port takes a number from 1 to 65535, not \`${text}\``,
    fix: `leitstand inbox serve --port ${DEFAULT_PORT}`,
  });
}

async function announce(
  { catalog, output }: CommandContext,
  { kind, stateDir, host, port }: Place & { readonly host: string },
): Promise<void> {
  const { caFile } = inboxFiles(stateDir);
  const about = kind === 'stack' ? '' : ` --state ${shellWord(stateDir)}`;
  if (!isLoopback(host))
    output.talk(
      `warning: it listens on ${host}: whoever reaches this machine can send to it, and it keeps what comes`,
    );
  output.talk(
    [
      `the inbox listens on ${host}:${port}; Ctrl-C ends it. For Alertmanager's file:`,
      placesText(await catalog.sandboxes(), { host, port, caFile }),
      `a message whole: leitstand inbox show ID${about}; to see it fail: leitstand inbox misbehave${about}`,
      ...(kind === 'stack' ? [] : [`a test that sees them: leitstand alert test --alertmanager URL${about}`]),
      ...(kind === 'passing' ? ['all of it is gone when it ends; --state DIR keeps it'] : []),
      '',
    ].join('\n'),
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done(), { once: true });
  });
}
