import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, type Json } from '../../platform/canonical-json.ts';
import { LANGUAGES } from '../../stack/language.ts';
import type { DaemonDuties } from '../../stack/runtime.ts';
import { readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { runtimeErrors } from './errors.ts';
import type { NativeLayout } from './layout.ts';

/** A component as it is to run; no secret is in here. */
export interface DesiredComponent {
  readonly component: string;
  readonly programPath: string;
  readonly programVersion: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Environment variable → absolute path of the file whose content it gets when the program starts. */
  readonly secretEnv?: Readonly<Record<string, string>> | undefined;
  /** Changes when one of those contents does, since a program reads its environment only once. */
  readonly secretsHash?: string | undefined;
  readonly dataDir: string;
  /** Bytes. Soft: 90 % of it becomes Go's GOMEMLIMIT. */
  readonly memoryLimit?: number | undefined;
  /** Ready when a GET answers 200. */
  readonly ready: { readonly url: string };
  /** POST; absent: changed files mean a restart. */
  readonly reloadUrl?: string | undefined;
  /** Ports it listens on besides the one of `ready.url`. */
  readonly ports?: readonly number[] | undefined;
  /** Of the rendered files that the program reads at start or reload. */
  readonly filesHash: string;
}

export interface DesiredState {
  readonly stack: string;
  readonly components: readonly DesiredComponent[];
  readonly inbox: { readonly enabled: boolean; readonly port: number };
  /** Absent in what an older version wrote: then there are none. */
  readonly daemon?: DaemonDuties | undefined;
}

/** The name becomes part of paths. */
export const componentName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

const port = z.int().min(1).max(65_535);

const desiredComponent = z.strictObject({
  component: componentName,
  programPath: z.string().startsWith('/'),
  programVersion: z.string(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  secretEnv: z.record(z.string(), z.string().startsWith('/')).optional(),
  secretsHash: z.string().optional(),
  dataDir: z.string().startsWith('/'),
  memoryLimit: z.int().positive().optional(),
  ready: z.strictObject({ url: z.url() }),
  reloadUrl: z.url().optional(),
  ports: z.array(port).optional(),
  filesHash: z.string(),
}) satisfies z.ZodType<DesiredComponent>;

const daemonDuties = z.strictObject({
  port,
  environment: z.string(),
  logPush: z.url().optional(),
  expected: z.array(
    z.strictObject({ kind: z.string(), subject: z.string(), fingerprint: z.string().optional() }),
  ),
  integrations: z
    .array(z.strictObject({ receiver: z.string(), type: z.string(), index: z.int().min(0) }))
    .optional(),
  jobs: z
    .array(
      z.strictObject({
        name: componentName,
        schedule: z.string(),
        location: z.string(),
        command: z.array(z.string()),
        timeoutMs: z.number().positive(),
        delayMs: z.number().min(0).optional(),
        worksOn: componentName.optional(),
        goodExits: z.array(z.int()).optional(),
      }),
    )
    .optional(),
  backupMetrics: z.strictObject({ prefix: z.string(), service: z.string() }).optional(),
  seenPage: z.strictObject({ language: z.enum(LANGUAGES) }).optional(),
}) satisfies z.ZodType<DaemonDuties>;

export const desiredState = z
  .strictObject({
    stack: z.string(),
    components: z.array(desiredComponent),
    inbox: z.strictObject({ enabled: z.boolean(), port: z.int().min(0).max(65_535) }),
    daemon: daemonDuties.optional(),
  })
  .refine((state) => new Set(state.components.map((one) => one.component)).size === state.components.length, {
    message: 'a component is named twice',
  }) satisfies z.ZodType<DesiredState>;

/** Nothing is wanted: what `down` leaves behind. */
export function emptyState(stack: string): DesiredState {
  return { stack, components: [], inbox: { enabled: false, port: 0 } };
}

/** Changes exactly when the process must be replaced. */
export function launchHash(wanted: DesiredComponent): string {
  const launch: Json = {
    program: wanted.programPath,
    version: wanted.programVersion,
    args: wanted.args,
    env: wanted.env,
    // Absent where there are none: the hash of a program without is the same as ever.
    ...(wanted.secretEnv === undefined
      ? {}
      : { secretEnv: wanted.secretEnv, secrets: wanted.secretsHash ?? null }),
    dataDir: wanted.dataDir,
    memoryLimit: wanted.memoryLimit ?? null,
  };
  return createHash('sha256').update(canonicalJson(launch)).digest('hex');
}

/** The ports a component listens on, each once. */
export function portsOf(wanted: DesiredComponent): number[] {
  const url = new URL(wanted.ready.url);
  const ready = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return [...new Set([ready, ...(wanted.ports ?? [])])];
}

export async function writeDesired(layout: NativeLayout, state: DesiredState): Promise<void> {
  await writeFileAtomic(layout.desired, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

/** Undefined before the first apply. Throws LS-RUNTIME-008 rather than take a damaged file for "nothing wanted". */
export async function readDesired(layout: NativeLayout): Promise<DesiredState | undefined> {
  const text = await readTextIfExists(layout.desired);
  if (text === undefined) return undefined;
  try {
    return desiredState.parse(JSON.parse(text));
  } catch (error) {
    throw runtimeErrors.error('LS-RUNTIME-008', {
      what: 'the record of what is to run cannot be read',
      why: error instanceof z.ZodError ? z.prettifyError(error) : String(error),
      where: { file: layout.desired },
      fix: `rm ${layout.desired} && leitstand up`,
      cause: error,
    });
  }
}
