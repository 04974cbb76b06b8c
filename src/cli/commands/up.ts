import { EXIT } from '../../platform/exit-codes.ts';
import type { ComponentAction } from '../../stack/runtime.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

export const upCommand: Command = {
  description: `Gets the programs, renders their files, has the programs' own validators judge them, and only then
touches anything: reload where a program can, restart where it must, nothing where nothing changed.
Ends when every component is ready.`,
  examples: [
    { command: 'leitstand up', shows: 'start, or apply what changed in leitstand.yaml' },
    { command: 'leitstand plan', shows: 'the same without touching anything' },
    { command: 'leitstand up --json | tail -n 1', shows: 'what was done, for scripts' },
  ],
  exits: [
    '2   the configuration is wrong; nothing was touched',
    '3   everything was started, but a program is not ready yet',
    '6   a program does not start; what became ready stays',
    '11  another command is at work',
  ],
  options: [
    { flags: '--allow-downgrade', description: 'replace a running program by an older version all the same' },
  ],
  run: async (context, input) => {
    const { openDeployment } = await import('../open-deployment.ts');
    const { up } = await import('../../deployment/up.ts');
    const deployment = { ...(await openDeployment(context)), allowDowngrade: input.flag('allowDowngrade') };
    const { noteInboxDestinations } = await import('../inbox-destinations.ts');
    // Also when a program does not become ready: what Alertmanager reads is new by then.
    let changes: Awaited<ReturnType<typeof up>>;
    try {
      changes = await up(deployment);
    } finally {
      await noteInboxDestinations(context, deployment.stack);
    }
    const { endpointLines } = await import('../endpoints.ts');
    return {
      exit: EXIT.ok,
      text: [
        table(
          changes.map((change) => [
            change.component,
            change.version,
            change.origin,
            WORDS[change.action] + (change.secretsChanged ? ', new secrets' : ''),
          ]),
        ),
        '',
        endpointLines(deployment),
      ].join('\n'),
      json: { stack: deployment.stack.name, components: changes.map((change) => ({ ...change })) },
    };
  },
};

const WORDS: Readonly<Record<ComponentAction, string>> = {
  none: 'unchanged',
  start: 'started',
  reload: 'reloaded',
  restart: 'restarted',
  stop: 'stopped',
};
