import type { Configuration, ConfiguredIntegration } from '../../routing/configuration.ts';
import { stackConfiguration } from '../../routing/rendered.ts';
import type { Stack } from '../../stack/stack.ts';
import { readConfiguration } from '../attached/configuration.ts';
import { placeOf } from '../target.ts';
import { describeIntegration } from './describe.ts';

/** Whom an Alertmanager tells: what it decides by, and how that is shown. */
export interface RoutingSource {
  readonly configuration: Configuration;
  /** `slack #alerts`, `webhook example.org`; never a secret. Empty: the receiver tells nobody. */
  places(receiver: string): readonly string[];
}

/** After leitstand.yaml: by what is rendered from it. */
export function stackRouting(stack: Stack): RoutingSource {
  const { watchdog } = stack.routing;
  const integrations = [...stack.integrations, ...(watchdog ? [watchdog] : [])];
  return {
    configuration: stackConfiguration(stack),
    places: (receiver) => integrations.filter((one) => one.receiver === receiver).map(placeOf),
  };
}

/** After an Alertmanager's own configuration, as a file (`file` is its name) or as its API gives it. Throws LS-DELIVERY-001. */
export function configuredRouting(text: string, file?: string): RoutingSource {
  const configuration = readConfiguration(text, file);
  const named = (name: string): readonly ConfiguredIntegration[] =>
    configuration.receivers.find((receiver) => receiver.name === name)?.integrations ?? [];
  return { configuration, places: (receiver) => named(receiver).map(describeIntegration) };
}
