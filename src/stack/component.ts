import type { z } from 'zod';
import type { Offer, RuleFile } from './offer.ts';
import type { Place, Plan } from './plan.ts';
import type { Program, ProgramSpec } from './program.ts';
import type { SecretReference } from './secret.ts';
import type { ProgramSource } from './source.ts';
import type { Stack } from './stack.ts';

export interface PlanInput<Config> {
  readonly config: Config;
  readonly stack: Stack;
  /** Everybody's offers, this component's and Leitstand's own included; their rule files are final. */
  readonly offers: readonly Offer[];
  readonly place: Place;
  /** The provisioned programs by name, `program` and `tools` of this component among them. */
  programs(name: string): Program;
}

/** A component plug-in: one folder in `components/`. */
export interface ComponentPlugin<Config = never> {
  readonly name: string;
  readonly summary: string;
  readonly schema: z.ZodType<Config>;
  /** What runs. */
  readonly program: ProgramSpec;
  /** What judges and tests its files: promtool, amtool. */
  readonly tools: readonly ProgramSpec[];
  offers(config: Config, stack: Stack): Offer;
  /** Every rule file that it can ever offer, whatever its settings: for what is looked up by an alert's name. */
  rules?(): readonly RuleFile[];
  plan(input: PlanInput<Config>): Plan;
  /** Where the component keeps data worth a backup. */
  source?(config: Config): ProgramSource;
  /** Whose buckets may be the place of backups. */
  buckets?(config: Config): BucketAccess;
}

/** How the S3 API of a component is reached; the keys may do everything. */
export interface BucketAccess {
  readonly port: number;
  readonly region: string;
  readonly accessKey: string | SecretReference;
  readonly secretKey: string | SecretReference;
}

/** The plug-in with its config type closed over: what registries hold. `config` must have passed `schema`. */
export interface AnyComponentPlugin
  extends Omit<ComponentPlugin, 'schema' | 'offers' | 'plan' | 'source' | 'buckets'> {
  readonly schema: z.ZodType;
  offers(config: unknown, stack: Stack): Offer;
  plan(input: PlanInput<unknown>): Plan;
  source?(config: unknown): ProgramSource;
  buckets?(config: unknown): BucketAccess;
}

export function defineComponent<Config>(plugin: ComponentPlugin<Config>): AnyComponentPlugin {
  const { source, buckets, ...rest } = plugin;
  return {
    ...rest,
    offers: (config, stack) => plugin.offers(config as Config, stack),
    plan: (input) => plugin.plan(input as PlanInput<Config>),
    ...(source ? { source: (config: unknown) => source(config as Config) } : {}),
    ...(buckets ? { buckets: (config: unknown) => buckets(config as Config) } : {}),
  };
}
