import { z } from 'zod';
import type { Json } from '../platform/canonical-json.ts';
import { FORMAT } from './format.ts';

export { FORMAT } from './format.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const utc = z.iso.datetime();
const sourceName = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
const signature = z.strictObject({ keyId: z.string(), value: z.string() });

const day = z.string().regex(/^[+-]?\d{4,6}-\d\d-\d\d$/);

const listReference = z.object({
  /** UTC day of the entries' modification times: `2026-08-01`. */
  day,
  /** The last such day, where the list holds more than one. */
  until: day.optional(),
  /** Of the stored bytes; also the object's name. */
  sha256,
  /** Stored bytes. */
  size: count,
  files: count,
  /** Bytes of the files' contents. */
  bytes: count,
  /** Of an encrypted one: stored bytes before the first chunk, which are age's header and a nonce. */
  header: count.optional(),
  /** In a store that locks: nobody can delete it before. */
  lockUntil: utc.optional(),
});

/** `header` and `lockUntil` as those of a list. */
const packReference = z.object({
  id: sha256,
  size: count,
  header: count.optional(),
  lockUntil: utc.optional(),
});

/** Facts and losses of a capture; in the record itself, or sealed in it. */
export const snapshotFacts = z.object({
  expectations: z.array(
    z.object({ kind: z.string(), subject: z.string(), value: z.json() as z.ZodType<Json> }),
  ),
  knownLoss: z.array(z.string()),
});

/** The commit record of one source's backup: what it does not name does not exist. */
export const snapshotRecord = snapshotFacts
  .partial()
  .extend({
    format: z.literal(FORMAT),
    kind: z.literal('snapshot'),
    id: z.string(),
    source: sourceName,
    stack: z.string(),
    /** Program and version that wrote the data. */
    writer: z.object({ program: z.string(), version: z.string() }),
    cutoff: utc,
    createdAt: utc,
    /** Of an encrypted one: `recipients` are public halves of recovery keys, sorted; `host` is that of the writer. */
    encryption: z.object({ recipients: z.array(z.string()).min(1), host: z.string() }).optional(),
    /** Of an encrypted one, instead of `expectations` and `knownLoss`: both as an age file of canonical JSON, base64. */
    sealed: z.base64().optional(),
    lists: z.array(listReference),
    packs: z.array(packReference),
    totals: z.object({ files: count, bytes: count }),
    /** In a store that locks: until when this record is locked, and until when README.txt, restore.sh and lsb1.json are. */
    lock: z.object({ until: utc, repository: utc }).optional(),
    signature,
  })
  .refine(
    (record) =>
      record.encryption
        ? record.sealed !== undefined && record.expectations === undefined && record.knownLoss === undefined
        : record.sealed === undefined && record.expectations !== undefined && record.knownLoss !== undefined,
    'facts are neither in the clear nor sealed',
  );

/** One run over all sources; written after its snapshots. */
export const backupRecord = z.object({
  format: z.literal(FORMAT),
  kind: z.literal('backup'),
  id: z.string(),
  stack: z.string(),
  startedAt: utc,
  finishedAt: utc,
  snapshots: z.array(z.string()),
  /** In a store that locks: until when this record is. */
  lockUntil: utc.optional(),
  signature,
});

/** `lsb1.json`: the mark of a repository. Its keys inform people; trust comes from the caller's key alone. */
export const repositoryRecord = z.object({
  format: z.literal(FORMAT),
  kind: z.literal('repository'),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  createdAt: utc,
  /** Raw Ed25519 public keys, base64. */
  keys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })),
  /** SHA-256 of README.txt. */
  readme: sha256,
  /** SHA-256 of restore.sh; absent where there is none. */
  restore: sha256.optional(),
  /** Version of both; absent: the first. */
  guides: z.int().positive().optional(),
  signature,
});

/**
 * What no snapshot needed at some time. From `createdAt` on no writer builds upon these objects, and 48 hours later they
 * may be deleted. Never taken back: what is needed again in between stays, and is not built upon either.
 */
export const condemnedRecord = z.object({
  format: z.literal(FORMAT),
  kind: z.literal('condemned'),
  id: z.string(),
  /** By the store's clock. */
  createdAt: utc,
  /** Names of packs and lists. */
  objects: z.array(z.string()),
  /** Ids of snapshots that retention takes away: that they are gone is no loss. */
  snapshots: z.array(z.string()),
  signature,
});

/**
 * What was read back when, of all that is needed: a later record says it all again and replaces the earlier ones, so that
 * there is one as a rule. Two hosts may write at the same time: for each object the later word counts.
 */
export const verificationRecord = z.object({
  format: z.literal(FORMAT),
  kind: z.literal('verification'),
  id: z.string(),
  /** By the store's clock, as all times in it. */
  createdAt: utc,
  /** Ids of records that say nothing that is not in this one. */
  replaces: z.array(z.string()),
  /** Names of packs and lists whose stored bytes were last found to be right at that time; by time. */
  read: z.array(z.object({ at: utc, objects: z.array(z.string()) })),
  /** Packs and lists that were last found damaged or missing; `since`: found so for the first time. */
  damaged: z.array(z.object({ object: z.string(), problem: z.string(), at: utc, since: utc })),
  signature,
});

export type VerificationRecord = Readonly<z.infer<typeof verificationRecord>>;
export type CondemnedRecord = Readonly<z.infer<typeof condemnedRecord>>;
/** What was sealed at the backup, and what its method could not hold. */
export type SnapshotFacts = Readonly<z.infer<typeof snapshotFacts>>;
export type SnapshotRecord = Readonly<z.infer<typeof snapshotRecord>>;
export type BackupRecord = Readonly<z.infer<typeof backupRecord>>;
export type RepositoryRecord = Readonly<z.infer<typeof repositoryRecord>>;
export type ListReference = Readonly<z.infer<typeof listReference>>;
export type PackReference = Readonly<z.infer<typeof packReference>>;

export function isSourceName(text: string): boolean {
  return sourceName.safeParse(text).success;
}

/** Undefined when it is none; also when it is nested deeper than anything of ours. */
export function parseAs<Value>(schema: z.ZodType<Value>, value: unknown): Value | undefined {
  try {
    return schema.safeParse(value).data;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
