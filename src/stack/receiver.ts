import type { z } from 'zod';
import type { SandboxEndpoint } from './sandbox.ts';
import type { ResolveSecret, Secret } from './secret.ts';
import type { SecretFile } from './plan.ts';
import type { Language } from './language.ts';
import type { Version } from './version.ts';

/** One way in which a receiver is reached, after Alertmanager's model. */
export interface Integration {
  readonly receiver: string;
  /** Alertmanager's word for it in metrics and logs: `slack`, `email`, `pagerduty`, `webhook`. */
  readonly type: string;
  /** Position among the receiver's integrations of the same type, as in the log's `slack[0]`. */
  readonly index: number;
  readonly sendsResolved: boolean;
  /** Where it sends to. Holds a secret for most providers: show its host only. */
  destination(): URL;
  render(target: IntegrationTarget): RenderedIntegration;
}

export interface IntegrationTarget {
  readonly alertmanager: Version;
  /** Path under which Alertmanager reads a secret file. */
  secretPath(name: string): string;
}

export interface RenderedIntegration {
  /** The key in Alertmanager's receiver: `slack_configs`. */
  readonly key: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: readonly SecretFile[];
  /** A secret that this version can read from no file, so that the rendered file must be private. */
  readonly inlineSecrets: readonly Secret[];
}

export interface IntegrationPlace {
  readonly receiver: string;
  readonly index: number;
  /** Of the texts that Leitstand writes for people. */
  readonly language: Language;
  readonly resolve: ResolveSecret;
}

/** A receiver plug-in: one folder in `receivers/`. */
export interface ReceiverPlugin<Config = never> {
  readonly type: string;
  readonly summary: string;
  readonly schema: z.ZodType<Config>;
  integration(config: Config, place: IntegrationPlace): Integration;
  readonly sandbox: SandboxEndpoint;
}

/** The plug-in with its config type closed over: what registries hold. */
export interface AnyReceiverPlugin extends Omit<ReceiverPlugin, 'schema' | 'integration'> {
  readonly schema: z.ZodType;
  /** `config` must have passed `schema`. */
  integration(config: unknown, place: IntegrationPlace): Integration;
}

export function defineReceiver<Config>(plugin: ReceiverPlugin<Config>): AnyReceiverPlugin {
  return { ...plugin, integration: (config, place) => plugin.integration(config as Config, place) };
}
