import { inspect } from 'node:util';

/** `${secret:NAME}` in the configuration: a name, not yet a value. */
export class SecretReference {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A secret value that hides itself from templates, JSON and inspection. `reveal()` is for two places only: the file
 * a program reads, and the request that uses it.
 */
export class Secret {
  readonly #value: string;
  /** How to speak of it: `secret SLACK_WEBHOOK_URL`. */
  readonly label: string;

  constructor(value: string, label: string) {
    this.#value = value;
    this.label = label;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `<${this.label}>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Turns what a schema accepted for a secret field (a reference, or a literal) into its value. */
export type ResolveSecret = (input: string | SecretReference) => Secret;
