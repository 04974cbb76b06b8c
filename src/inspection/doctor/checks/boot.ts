import { join } from 'node:path';
import { exists } from '../../../platform/files.ts';
import { isSystemdRunning, serviceUnitName, unitDirectory } from '../../../platform/systemd.ts';
import { type DoctorCheck, ok, unknown, warn } from '../check.ts';

const INSTALL = 'sudo leitstand service install --now; or, without root, with --user';

export const bootCheck: DoctorCheck = {
  name: 'boot',
  title: 'start at boot',
  needs: 'stack',
  run: async ({ stack, env, host }) => {
    if (stack?.runtime !== 'native') return [];
    const unit = serviceUnitName(stack.name);
    const isEnabled = (directory: string, target: string) => exists(join(directory, `${target}.wants`, unit));
    if (await isEnabled(unitDirectory('system', env), 'multi-user.target')) {
      return [ok('after a reboot', `${unit} starts the stack`)];
    }
    if (await isEnabled(unitDirectory('user', env), 'default.target')) {
      return (await exists(join('/var/lib/systemd/linger', host.user)))
        ? [ok('after a reboot', `${unit} of ${host.user} starts the stack`)]
        : [
            warn(
              'after a reboot',
              `${unit} starts only when ${host.user} logs in, and ends with the session`,
              {
                fix: `loginctl enable-linger ${host.user}`,
              },
            ),
          ];
    }
    if (!(await isSystemdRunning('system', env))) {
      return [
        unknown('after a reboot', 'systemd does not run here: what starts the stack is not known', {
          matters: false,
          fix: 'have what starts this machine or container run the ExecStart line of `leitstand service install --print`',
        }),
      ];
    }
    return [
      warn('after a reboot', 'nothing starts the stack', { wanted: 'a service for boot', fix: INSTALL }),
    ];
  },
};
