import { EXIT } from '../../platform/exit-codes.ts';
import { serviceUnitName, type SystemdScope } from '../../platform/systemd.ts';
import type { Command } from '../command.ts';
import { loadStack } from '../load-stack.ts';
import { serviceSpec, serviceWorld, USER_OPTION } from '../service-spec.ts';

export const serviceInstallCommand: Command = {
  description: `Writes a systemd unit that runs the daemon of this stack, and has it started at boot: as the owner of the stack,
hardened, with nothing writable but the state directory, the backups and the cache. The programs outlive the
daemon: stopping or restarting the service does not stop them, \`leitstand down\` does. Doing it again changes
nothing; after an update of Leitstand, or a change of its paths, it writes the unit anew.`,
  options: [
    { flags: '--now', description: 'start it at once; it takes over what runs' },
    USER_OPTION,
    { flags: '--print', description: 'print the unit, and install nothing' },
    { flags: '--dry-run', description: 'say what would be done, and do nothing' },
  ],
  examples: [
    { command: 'sudo leitstand service install --now', shows: 'at boot, and from now on' },
    { command: 'leitstand service install --user --now', shows: 'without root' },
    { command: 'leitstand service install --print', shows: 'the unit, to read or to take elsewhere' },
  ],
  exits: ['6   systemd does not run here, refused, or the daemon did not come up'],
  run: async (context, input) => {
    const { installService } = await import('../../deployment/service/service.ts');
    const { renderUnit } = await import('../../deployment/service/unit.ts');
    const scope: SystemdScope = input.flag('user') ? 'user' : 'system';
    const stack = await loadStack(context);
    const { spec, owner } = await serviceSpec(context, stack, scope);
    if (input.flag('print')) {
      const unit = renderUnit(spec);
      return { exit: EXIT.ok, text: unit.trimEnd(), json: { unit } };
    }
    const request = { spec, owner, now: input.flag('now'), dryRun: input.flag('dryRun') };
    const result = await installService(request, await serviceWorld(context, scope));
    const name = serviceUnitName(stack.name);
    const user = scope === 'user' ? '--user ' : '';
    const text = request.dryRun
      ? [
          `${result.file} ${result.written ? 'would be written' : 'is as it should be'}; ${name} would be started at boot${request.now ? ', and now' : ''}.`,
        ]
      : [
          `${name} starts at boot as ${spec.user}${request.now ? ', and runs' : ''}.`,
          '',
          ...(request.now ? [] : [`Start it now:    leitstand service install ${user}--now`]),
          `How it does:     systemctl ${user}status ${name}`,
          `What it says:    journalctl ${user}-u ${name}`,
          ...(scope === 'user'
            ? [
                `Without a login: loginctl enable-linger ${spec.user}   (else it runs only while you are logged in)`,
              ]
            : []),
        ];
    return { exit: EXIT.ok, text: text.join('\n'), json: { ...result, unit: name, dryRun: request.dryRun } };
  },
};
