import { isAlwaysFiring } from '../always-firing.ts';
import { alertsOf, labelValue } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { AlertmanagerFile, Inspected } from '../model.ts';
import { destinationsOf, receiverNamed } from '../routes.ts';
import { textOf } from '../yaml-tree.ts';
import { addressesOf } from './undeliverable.ts';

const LOCAL = /^https?:\/\/(?:[^@/]*@)?(?:localhost|127\.|\[::1\]|host\.docker\.internal)/i;

export const deadMansSwitch: Lint = {
  code: 'LS-CHECK-016',
  title: 'an always-firing alert goes to somebody outside',
  inspect: (model) =>
    model.alertmanagers.flatMap((alertmanager) => {
      const alerts = alertsOf(model, alertmanager);
      const { route } = alertmanager;
      if (alerts.length === 0 || route === undefined) return [];
      const signals = alerts.filter(isAlwaysFiring);
      const [signal] = signals;
      if (signal === undefined)
        return [
          finding(alertmanager, alertmanager.where, {
            what: 'no alert fires always',
            fix: 'add the alert Watchdog (expr: vector(1)) and route it to a service elsewhere that alarms when it stops',
          }),
        ];
      if (signals.some((rule) => leaves(model, alertmanager, rule))) return [];
      return [
        finding(alertmanager, signal.where, {
          what: `${signal.name} fires always, and goes to nobody outside`,
          fix: 'route it to a webhook of a service elsewhere that alarms when it stops; in leitstand.yaml: routing: {watchdog: {url: …}}',
        }),
      ];
    }),
};

function leaves(
  model: Inspected,
  alertmanager: AlertmanagerFile,
  rule: Parameters<typeof isAlwaysFiring>[0],
): boolean {
  if (alertmanager.route === undefined) return false;
  return destinationsOf(alertmanager.route, (label) => labelValue(model, rule, label)).some(
    ({ receiver: name }) => {
      const receiver = receiverNamed(alertmanager, name);
      return (receiver?.integrations ?? []).some((integration) =>
        addressesOf(integration).every(([, value]) => !LOCAL.test(textOf(value) ?? '')),
      );
    },
  );
}

function finding(
  { file }: AlertmanagerFile,
  where: Finding['where'],
  rest: Pick<Finding, 'what' | 'fix'>,
): Finding {
  return {
    code: 'LS-CHECK-016',
    severity: 'warning',
    subject: 'dead-mans-switch',
    where,
    why: `when Prometheus, Alertmanager or the machine is down, silence looks like health (${file})`,
    ...rest,
  };
}
