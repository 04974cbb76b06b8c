import { z } from 'zod';
import { systemErrorCode } from '../../../../platform/errors.ts';
import { readTextIfExists, writeFileAtomic } from '../../../../platform/files.ts';
import type { OnProgress } from '../../../../stack/progress.ts';
import type { CacheEntry } from '../cache-entry.ts';
import { provisionErrors } from '../errors.ts';

/** Beside leitstand.yaml, and committed with it. */
export const LOCK_FILE = 'leitstand.lock';

const HEADER = `# Which release archives this stack takes. Written by Leitstand; commit it with leitstand.yaml.
# An archive or a program whose SHA-256 is another is refused, on every machine that has this file. To take another
# one on purpose, remove its entry here and run \`leitstand up\`.
`;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const pinnedSchema = z.strictObject({
  /** File name of the archive: it holds version and architecture. */
  name: z.string(),
  version: z.string(),
  arch: z.string(),
  /** The project's own, also where it came from a mirror. */
  url: z.string(),
  sha256,
  /** When its checksum was first read. */
  taken: z.string(),
  /** Program → SHA-256 of the executable; absent until a machine of that architecture unpacked it. */
  programs: z.record(z.string(), sha256).exactOptional(),
});

const lockSchema = z.strictObject({ format: z.literal(1), archives: z.array(pinnedSchema) });

export type PinnedArchive = z.infer<typeof pinnedSchema>;

/** `leitstand.lock` of one stack, read when somebody first asks. */
export interface LockFile {
  /** Absolute path; undefined where no stack is meant. */
  readonly path: string | undefined;
  /** Rejects with LS-PROVISION-009 when the file cannot be read: what is not known is not trusted. */
  find(archive: string): Promise<PinnedArchive | undefined>;
  /**
   * Adds what is not there yet. Rejects with LS-PROVISION-008 when another checksum is there. A file that cannot be
   * written is a warning, unless `quiet`: what was taken was verified all the same.
   */
  pin(archives: readonly PinnedArchive[], options?: { readonly quiet?: boolean }): Promise<void>;
}

export function openLockFile(path: string | undefined, onProgress: OnProgress): LockFile {
  let known: Promise<PinnedArchive[]> | undefined;
  const archives = () => {
    known ??= path === undefined ? Promise.resolve([]) : readPinned(path);
    return known;
  };
  return {
    path,
    find: async (name) => (await archives()).find((pinned) => pinned.name === name),
    pin: async (additions, { quiet = false } = {}) => {
      if (path === undefined) return;
      // Read anew: another Leitstand may have pinned something meanwhile.
      const before = await readPinned(path);
      const after = additions.reduce((list, addition) => merge(list, addition, path), before);
      known = Promise.resolve(after);
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      try {
        await writeFileAtomic(path, await render(after));
      } catch (error) {
        if (!quiet) onProgress({ type: 'warning', text: notWritten(path, error) });
      }
    },
  };
}

async function readPinned(path: string): Promise<PinnedArchive[]> {
  const text = await readTextIfExists(path);
  if (text === undefined) return [];
  // Loaded here: without such a file, nobody needs it.
  const { parse } = await import('yaml');
  try {
    return lockSchema.parse(parse(text)).archives;
  } catch (error) {
    throw provisionErrors.error('LS-PROVISION-009', {
      what: `${path} cannot be understood`,
      why: firstLine(error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message),
      where: { file: path },
      fix: `restore it from version control: git checkout ${LOCK_FILE}; only if nothing can be restored, remove it and run \`leitstand up\``,
      cause: error,
    });
  }
}

/** The rest shows the place in the file, which the line and column say as well. */
function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).replace(/:$/, '');
}

function merge(list: readonly PinnedArchive[], addition: PinnedArchive, path: string): PinnedArchive[] {
  const present = list.find(({ name }) => name === addition.name);
  if (!present) return [...list, addition].sort((a, b) => (a.name < b.name ? -1 : 1));
  requireSame(present.sha256, addition.sha256, { subject: addition.name, lockFile: path });
  for (const [program, sum] of Object.entries(addition.programs ?? {})) {
    const pinned = present.programs?.[program];
    if (pinned !== undefined)
      requireSame(pinned, sum, { subject: `${program} in ${addition.name}`, lockFile: path });
  }
  const programs = sorted({ ...present.programs, ...addition.programs });
  const completed = Object.keys(programs).length === 0 ? present : { ...present, programs };
  return list.map((pinned) => (pinned === present ? completed : pinned));
}

function sorted(sums: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function render(archives: readonly PinnedArchive[]): Promise<string> {
  const { stringify } = await import('yaml');
  return HEADER + stringify({ format: 1, archives }, { lineWidth: 0 });
}

function notWritten(path: string, error: unknown): string {
  const reason = systemErrorCode(error) ?? (error as Error).message;
  return `${path} cannot be written (${reason}): the checksums of this download are not pinned; run \`leitstand up\` where it can be written, and commit the file`;
}

/** Throws LS-PROVISION-008; nothing goes on after it, no other source is asked. */
export function requireSame(
  pinned: string,
  found: string,
  { subject, lockFile, fix }: { readonly subject: string; readonly lockFile: string; readonly fix?: string },
): void {
  if (pinned === found) return;
  throw provisionErrors.error('LS-PROVISION-008', {
    what: `${subject} is not the one that ${lockFile} pins`,
    why: 'its SHA-256 is another: it was changed at its source or on the way, or the project has replaced it',
    detail: [`pinned  ${pinned}`, `found   ${found}`],
    where: { file: lockFile },
    fix:
      fix ??
      `do not use it before somebody has explained the difference; if the new one is right, remove the entry from ${LOCK_FILE} and run \`leitstand up\``,
  });
}

/** A program of the cache against the stack's pins; what the stack has not pinned yet is pinned now. */
export async function honourLock(lock: LockFile, entry: CacheEntry, path: string): Promise<void> {
  if (entry.archive === undefined || lock.path === undefined) return;
  if (await requirePinned(lock, entry, path)) return;
  await lock.pin([{ ...entry.archive, programs: { [entry.name]: entry.sha256 } }], { quiet: true });
}

/** Throws LS-PROVISION-008 when another one is pinned; false when this program is not pinned yet. */
export async function requirePinned(lock: LockFile, entry: CacheEntry, subject: string): Promise<boolean> {
  if (entry.archive === undefined || lock.path === undefined) return false;
  const pinned = await lock.find(entry.archive.name);
  if (!pinned) return false;
  const fix = `remove it, or have the difference explained first; if it is right, remove its entry from ${LOCK_FILE}`;
  const where = { subject, lockFile: lock.path, fix };
  requireSame(pinned.sha256, entry.archive.sha256, where);
  const program = pinned.programs?.[entry.name];
  if (program === undefined) return false;
  requireSame(program, entry.sha256, where);
  return true;
}
