import type { Integration } from './receiver.ts';

/** Everything one `leitstand.yaml` describes, in one environment; frozen after loading. */
export interface Stack {
  readonly name: string;
  /** Absolute path of the configuration file. */
  readonly file: string;
  readonly stateDir: string;
  /** Wanted components in the file's order; `config` has passed the component's schema. */
  readonly components: readonly WantedComponent[];
  readonly integrations: readonly Integration[];
  /** Receiver names in the file's order. */
  readonly receivers: readonly string[];
  readonly routing: Routing;
  readonly inbox: { readonly enabled: boolean; readonly port: number };
  readonly backup: { readonly directory: string };
  readonly provision: Provisioning;
}

/** Read of a file with mistakes: good for looking and stopping, never for saying that all is well. */
export interface SalvagedStack extends Stack {
  readonly salvaged: true;
}

export function isSalvaged(stack: Stack): stack is SalvagedStack {
  return 'salvaged' in stack;
}

export interface WantedComponent {
  readonly name: string;
  readonly config: unknown;
}

export interface Routing {
  /** Severity → receiver, in the file's order. */
  readonly severities: readonly { readonly severity: string; readonly receiver: string }[];
  /** Catches everything else: no alert goes to nobody. */
  readonly default: string;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
}

export type ProvisionSource = 'cache' | 'debian' | 'go';

export interface Provisioning {
  readonly sources: readonly ProvisionSource[];
  /** Program name → absolute path of a configured executable. */
  readonly paths: Readonly<Record<string, string>>;
  readonly cacheDir: string;
}
