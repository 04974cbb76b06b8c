import type { Program } from './program.ts';
import type { Secret } from './secret.ts';

/**
 * Where a component will find itself once it runs; given by the runtime, so that a plan knows nothing of how
 * it is run (a host path here, a container path there).
 */
export interface Place {
  /** Directory of the component's rendered files. */
  readonly config: string;
  /** Directory of the component's own data. */
  readonly data: string;
  /** Path under which the program reads a secret file of its plan. */
  secret(name: string): string;
  /** `host:port` to bind for one of the component's own ports. */
  listen(port: number): string;
  /** `host:port` under which this component reaches a port of another. */
  address(component: string, port: number): string;
  /** URL that people use to reach one of the component's own ports. */
  externalUrl(port: number): string;
}

export interface RenderedFile {
  /** Relative to `Place.config`, with `/`. */
  readonly path: string;
  readonly content: string;
  /** Default 0644; 0600 for a file that must hold a secret because the program's version can read no file. */
  readonly mode?: number;
}

export interface SecretFile {
  /** Unique in the component: `on-call-slack-0`. Written 0400 for the program's user. */
  readonly name: string;
  readonly value: Secret;
}

export interface PortUse {
  /** What for: `http`, `cluster`. */
  readonly name: string;
  readonly port: number;
}

/** A program that judges the rendered files before anything is touched. */
export interface Validator {
  readonly program: Program;
  /** Arguments; `config` is the directory that holds the candidate files. */
  args(config: string): readonly string[];
}

/** What a component needs in order to run. */
export interface Plan {
  readonly component: string;
  readonly program: Program;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Environment variable → name in `secrets`, for a program that takes a secret in no other way; read at its start. */
  readonly secretEnv?: Readonly<Record<string, string>>;
  readonly files: readonly RenderedFile[];
  readonly secrets: readonly SecretFile[];
  readonly ports: readonly PortUse[];
  /** Bytes; what the runtime can enforce or only advise is the runtime's to say. */
  readonly memoryLimit?: number;
  /** Ready when a GET answers 200. */
  readonly ready: { readonly port: number; readonly path: string };
  /** How changed files are taken over without a restart; undefined: restart. */
  readonly reload?: { readonly port: number; readonly path: string };
  readonly validators: readonly Validator[];
}
