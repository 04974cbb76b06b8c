import type { AnyComponentPlugin } from '../../stack/component.ts';
import type { AnyReceiverPlugin, ReceiverSetup } from '../../stack/receiver.ts';
import type { Catalog } from '../command.ts';
import type { Answers, Offered } from './answers.ts';

/** A receiver that says how a first entry of it looks. */
export type OfferedReceiver = AnyReceiverPlugin & { readonly setup: ReceiverSetup };

/** What the new stack is made of, in the catalog's order. */
export interface ChosenPlugins {
  readonly components: readonly AnyComponentPlugin[];
  readonly receivers: readonly OfferedReceiver[];
}

export async function offered(catalog: Catalog): Promise<Offered> {
  return {
    components: [...(await catalog.components()).keys()],
    receivers: (await offeredReceivers(catalog)).map(({ type }) => type),
  };
}

export async function offeredReceivers(catalog: Catalog): Promise<readonly OfferedReceiver[]> {
  return [...(await catalog.receivers()).values()].flatMap((plugin) =>
    plugin.setup === undefined ? [] : [{ ...plugin, setup: plugin.setup }],
  );
}

export async function chosenPlugins(catalog: Catalog, answers: Answers): Promise<ChosenPlugins> {
  const components = await catalog.components();
  const receivers = await offeredReceivers(catalog);
  return {
    components: answers.components.flatMap((name) => components.get(name) ?? []),
    receivers: receivers.filter(({ type }) => answers.receivers.includes(type)),
  };
}
