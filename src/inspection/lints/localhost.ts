import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, Target } from '../model.ts';
import { isOfficialImage, servicesRunning } from '../mounts.ts';
import { entriesOf, textOf, type Tree } from '../yaml-tree.ts';
import { addressesOf } from './undeliverable.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\]|0\.0\.0\.0)$/;

export const localhostInContainer: Lint = {
  code: 'LS-CHECK-007',
  title: 'no URL points to localhost inside a container',
  inspect: (model) =>
    model.context === 'containers' ? [...receivers(model), ...scrapes(model), ...alerting(model)] : [],
};

function receivers(model: Inspected): Finding[] {
  if (mayListenThere(model, 'alertmanager')) return [];
  return model.alertmanagers.flatMap(({ receivers: all, global }) => [
    ...entriesOf(global).flatMap(([key, { value }]) =>
      isLoopback(key, value) ? [receiverFinding('global', value, `the global ${key} is localhost`)] : [],
    ),
    ...all.flatMap(({ name, integrations }) =>
      integrations.flatMap((integration) =>
        addressesOf(integration)
          .filter(([key, value]) => isLoopback(key, value))
          .map(([key, value]) =>
            receiverFinding(
              name,
              value,
              `receiver ${name} sends to localhost (${key} of ${integration.type})`,
            ),
          ),
      ),
    ),
  ]);
}

function receiverFinding(subject: string, value: Tree, who: string): Finding {
  return {
    code: 'LS-CHECK-007',
    severity: 'error',
    subject,
    where: value.where,
    what: `${who}, which is Alertmanager's own container`,
    why: 'nothing listens there: every notification is refused',
    fix: `name the service in its place, or host.docker.internal${portOf(textOf(value) ?? '')} for a program on the machine`,
  };
}

function scrapes(model: Inspected): Finding[] {
  if (mayListenThere(model, 'prometheus')) return [];
  return model.prometheuses.flatMap(({ jobs }) =>
    jobs.flatMap(({ name, targets }) =>
      targets
        // A Prometheus that scrapes itself is right to say localhost.
        .filter(({ host, port }) => LOOPBACK.test(host) && port !== 9090)
        .map((target) => targetFinding(name, target, `scrape job ${name}`, 'the target is always down')),
    ),
  );
}

function alerting(model: Inspected): Finding[] {
  if (mayListenThere(model, 'prometheus')) return [];
  return model.prometheuses.flatMap(({ alertmanagers }) =>
    (alertmanagers?.targets ?? [])
      .filter(({ host }) => LOOPBACK.test(host))
      .map((target) =>
        targetFinding('alerting', target, 'Prometheus sends alerts', 'no alert reaches Alertmanager'),
      ),
  );
}

function targetFinding(subject: string, { address, where }: Target, who: string, why: string): Finding {
  return {
    code: 'LS-CHECK-007',
    severity: 'error',
    subject,
    where,
    what: `${who}: ${address} is Prometheus' own container`,
    why,
    fix: "name the service in its place, as in the compose file's `services`",
  };
}

function isLoopback(key: string, tree: Tree): boolean {
  const text = textOf(tree) ?? '';
  if (key.endsWith('smarthost')) return LOOPBACK.test(text.replace(/:\d+$/, ''));
  const host = /^[a-z]+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/?#]+)/i.exec(text)?.[1];
  return host !== undefined && LOOPBACK.test(host.toLowerCase());
}

function portOf(text: string): string {
  return /:\d+(?=[/?#]|$)/.exec(text.replace(/^[a-z]+:\/\//i, ''))?.[0] ?? '';
}

/** On the machine's own network, or in an image of somebody's own, which may hold both programs. */
function mayListenThere(model: Inspected, program: string): boolean {
  return servicesRunning(model, program).some(
    (service) => service.usesHostNetwork || !isOfficialImage(service),
  );
}
