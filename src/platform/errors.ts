import type { ExitCode } from './exit-codes.ts';

/** A position in a file the user wrote; `line` and `column` count from 1. */
export interface Where {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export interface ErrorDetails {
  /** What went wrong, in one sentence without a full stop. Never holds a secret. */
  readonly what: string;
  /** The cause, as far as it is known. */
  readonly why?: string | undefined;
  /** What to do about it: a command to run or a line to change. */
  readonly fix?: string | undefined;
  readonly where?: Where | undefined;
  /** Further lines worth reading at night, e.g. the last lines of a program's log. */
  readonly detail?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** What `leitstand explain CODE` says; the docs are generated from it. */
export interface ErrorKind {
  readonly exit: ExitCode;
  readonly title: string;
  readonly explanation: string;
}

/**
 * The only error that reaches a user as text. Anything else that escapes is a bug
 * and is printed with its stack (exit 70).
 */
export class LeitstandError extends Error {
  readonly code: string;
  readonly exit: ExitCode;
  readonly details: ErrorDetails;

  constructor(code: string, exit: ExitCode, details: ErrorDetails) {
    super(`${code}: ${details.what}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LeitstandError';
    this.code = code;
    this.exit = exit;
    this.details = details;
  }

  /** Without the cause, which may hold anything: a URL, a request, an environment. */
  toJSON() {
    const { cause: _, ...details } = this.details;
    return { code: this.code, exit: this.exit, details };
  }
}

export interface ErrorFamily<Code extends string> {
  readonly kinds: Readonly<Record<Code, ErrorKind>>;
  /** Makes the error; the caller throws it, so that control flow stays visible. */
  error(code: Code, details: ErrorDetails): LeitstandError;
}

/** Each folder declares its codes once; `catalog.ts` gathers them for `explain` and the docs. */
export function defineErrors<const Kinds extends Record<string, ErrorKind>>(
  kinds: Kinds,
): ErrorFamily<Extract<keyof Kinds, string>> {
  return {
    kinds,
    error: (code, details) => {
      const kind = kinds[code] as ErrorKind;
      return new LeitstandError(code, kind.exit, details);
    },
  };
}

/** Several mistakes found in one run (a configuration file, a set of findings). */
export class LeitstandErrors extends Error {
  readonly errors: readonly LeitstandError[];

  constructor(errors: readonly LeitstandError[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.name = 'LeitstandErrors';
    this.errors = errors;
  }
}

/**
 * The `code` of a Node system error (`ENOENT`, `ECONNREFUSED`), looking through causes. Undefined for a
 * LeitstandError: whoever made it has put the cause into words already.
 */
export function systemErrorCode(error: unknown): string | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof LeitstandError) return undefined;
    if ('code' in current && typeof current.code === 'string') return current.code;
  }
  return undefined;
}
