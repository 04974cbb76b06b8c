import { stringify } from 'yaml';
import { renderedReceivers, renderRouting } from '../../routing/rendered.ts';
import type { SecretFile } from '../../stack/plan.ts';
import type { IntegrationTarget, RenderedIntegration, TemplateFile } from '../../stack/receiver.ts';
import type { Stack } from '../../stack/stack.ts';
import { isAtLeast, type Version } from '../../stack/version.ts';

/** The routes for tests make the file twice as long as it would be: whoever reads it should know what they are. */
const HEADER = `# Written by Leitstand from leitstand.yaml: changes made here are lost.
# The routes with leitstand_test are for test alerts only: as the route above them, but told at once.
`;

export interface RenderedAlertmanagerFile {
  readonly content: string;
  readonly templates: readonly TemplateFile[];
  readonly secrets: readonly SecretFile[];
  /** True when a secret had to go into the file itself, so that only its owner may read it. */
  readonly private: boolean;
}

export function renderAlertmanagerFile(stack: Stack, target: IntegrationTarget): RenderedAlertmanagerFile {
  const { watchdog } = stack.routing;
  const rendered = [...stack.integrations, ...(watchdog ? [watchdog] : [])].map((integration) => ({
    receiver: integration.receiver,
    ...integration.render(target),
  }));
  const templates = new Map(
    rendered.flatMap((integration) => (integration.templates ?? []).map((file) => [file.name, file])),
  );
  const file = {
    ...(templates.size === 0 ? {} : { templates: ['templates/*.tmpl'] }),
    ...renderRouting(stack),
    receivers: renderedReceivers(stack).map((name) => ({
      name,
      ...groupByKey(rendered.filter((integration) => integration.receiver === name)),
    })),
    ...(target.sandbox === undefined && recordsEvents(stack, target.alertmanager)
      ? { event_recorder: { webhook_outputs: [{ url: `http://127.0.0.1:${stack.inbox.port}/events` }] } }
      : {}),
  };
  return {
    content: HEADER + stringify(file, { lineWidth: 0, aliasDuplicateObjects: false }),
    templates: [...templates.values()],
    secrets: rendered.flatMap((integration) => integration.secrets),
    private: rendered.some((integration) => integration.inlineSecrets.length > 0),
  };
}

/** Whether Alertmanager tells the inbox what its integrations took: behind its feature `event-recorder`. */
export function recordsEvents({ inbox }: Stack, version: Version): boolean {
  return inbox.enabled && isAtLeast(version, '0.33');
}

function groupByKey(integrations: readonly RenderedIntegration[]): Record<string, unknown[]> {
  const groups: Record<string, unknown[]> = {};
  for (const { key, config } of integrations) {
    groups[key] = [...(groups[key] ?? []), config];
  }
  return groups;
}
