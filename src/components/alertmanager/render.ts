import { stringify } from 'yaml';
import { formatDuration } from '../../platform/units.ts';
import type { SecretFile } from '../../stack/plan.ts';
import type { IntegrationTarget, RenderedIntegration } from '../../stack/receiver.ts';
import type { Stack } from '../../stack/stack.ts';

const HEADER = '# Written by Leitstand from leitstand.yaml: changes made here are lost.\n';
/** A receiver without integrations: Alertmanager's way to say "to nobody". No receiver of a user can be named so. */
const NOBODY = '(nobody)';
/** Of the alert that always fires. */
const WATCHDOG_SEVERITY = 'none';

export interface RenderedAlertmanagerFile {
  readonly content: string;
  readonly secrets: readonly SecretFile[];
  /** True when a secret had to go into the file itself, so that only its owner may read it. */
  readonly private: boolean;
}

export function renderAlertmanagerFile(stack: Stack, target: IntegrationTarget): RenderedAlertmanagerFile {
  const rendered = stack.integrations.map((integration) => ({
    receiver: integration.receiver,
    ...integration.render(target),
  }));
  const file = {
    route: renderRoute(stack),
    inhibit_rules: INHIBITIONS,
    receivers: [
      ...stack.receivers.map((name) => ({
        name,
        ...groupByKey(rendered.filter((integration) => integration.receiver === name)),
      })),
      { name: NOBODY },
    ],
  };
  return {
    content: HEADER + stringify(file, { lineWidth: 0 }),
    secrets: rendered.flatMap((integration) => integration.secrets),
    private: rendered.some((integration) => integration.inlineSecrets.length > 0),
  };
}

function renderRoute({ routing, receivers }: Stack) {
  return {
    receiver: receivers.length === 0 ? NOBODY : routing.default,
    group_by: ['alertname', 'workspace_id'],
    group_wait: formatDuration(routing.groupWaitMs),
    group_interval: formatDuration(routing.groupIntervalMs),
    repeat_interval: formatDuration(routing.repeatIntervalMs),
    routes: [
      // It always fires and is for a dead man's switch, never for people; who routes its severity has one.
      ...(routing.severities.some(({ severity }) => severity === WATCHDOG_SEVERITY)
        ? []
        : [{ matchers: ['alertname="Watchdog"'], receiver: NOBODY }]),
      ...routing.severities.map(({ severity, receiver }) => ({
        matchers: [`severity=${JSON.stringify(severity)}`],
        receiver,
      })),
    ],
  };
}

/**
 * A critical alert mutes the warnings about the same thing. `workspace_id` must be there on both sides: two
 * absent labels count as equal, and one critical alert would mute every warning.
 */
const INHIBITIONS = [
  {
    source_matchers: ['severity="critical"', 'workspace_id!=""'],
    target_matchers: ['severity=~"warning|info"', 'workspace_id!=""'],
    equal: ['workspace_id', 'component', 'instance'],
  },
];

function groupByKey(integrations: readonly RenderedIntegration[]): Record<string, unknown[]> {
  const groups: Record<string, unknown[]> = {};
  for (const { key, config } of integrations) {
    groups[key] = [...(groups[key] ?? []), config];
  }
  return groups;
}
