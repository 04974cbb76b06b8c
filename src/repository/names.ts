/** Names of objects in the store. */
export const MARKER = 'lsb1.json';
export const README = 'README.txt';
export const RESTORE_SCRIPT = 'restore.sh';
export const SNAPSHOTS = 'snapshots/';
export const BACKUPS = 'backups/';
export const LISTS = 'lists/';
export const PACKS = 'packs/';
export const CONDEMNED = 'gc/';
export const VERIFICATIONS = 'verify/';

export function packName(source: string, id: string): string {
  return `${packPrefix(source)}${id.slice(0, 2)}/${id}`;
}

export function packPrefix(source: string): string {
  return `${PACKS}${source}/`;
}

export function listName(sha256: string): string {
  return `${LISTS}${sha256}.jsonl.zst`;
}

export function snapshotName(id: string): string {
  return `${SNAPSHOTS}${id}.json`;
}

export function backupName(id: string): string {
  return `${BACKUPS}${id}.json`;
}

export function condemnedName(id: string): string {
  return `${CONDEMNED}${id}.json`;
}

export function verificationName(id: string): string {
  return `${VERIFICATIONS}${id}.json`;
}

/** `20260801T120000.123Z-prometheus-9f2c41d07b3e`: sorts by time, and no two runs make the same. */
export function snapshotId(createdAt: Date, source: string, random: Uint8Array): string {
  return `${compactUtc(createdAt)}-${source}-${Buffer.from(random).toString('hex')}`;
}

export function backupId(finishedAt: Date, random: Uint8Array): string {
  return `${compactUtc(finishedAt)}-${Buffer.from(random).toString('hex')}`;
}

/** The id in a record's object name; undefined for names that are no record's. */
export function recordId(name: string): string | undefined {
  return /^(?:snapshots|backups|gc|verify)\/(\d{8}T\d{6}\.\d{3}Z-[0-9a-z-]+)\.json$/.exec(name)?.[1];
}

export function sourceOf(snapshotId: string): string | undefined {
  return /^[^-]+-(.+)-[0-9a-f]+$/.exec(snapshotId)?.[1];
}

function compactUtc(date: Date): string {
  return date.toISOString().replace(/[-:]/g, '');
}
