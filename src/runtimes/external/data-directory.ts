import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../platform/errors.ts';
import { exists } from '../../platform/files.ts';
import type { Attachment } from '../../stack/stack.ts';
import { externalErrors } from './errors.ts';

/** Throws LS-EXTERNAL-002 when the file does not say where it is. */
export function dataDirectoryOf(component: string, attachment: Attachment | undefined): string {
  if (attachment?.dataDir !== undefined) return attachment.dataDir;
  throw externalErrors.error('LS-EXTERNAL-002', {
    what: `the data of ${component} cannot be backed up: its directory is not known`,
    why: 'a backup reads the files of the program itself',
    fix: `add \`data_dir\` under attach.${component}: its data directory as this machine sees it. Leitstand's own records alone: --source leitstand`,
  });
}

/**
 * Rejects with LS-EXTERNAL-008 when this user cannot do there what a backup must. Prometheus makes the snapshot as its
 * own user, and nobody else but root can remove it again: it would pin the disk for ever.
 */
export async function requireUsableData(component: string, directory: string): Promise<void> {
  const unusable = (why: string, fix: string, cause?: unknown) =>
    externalErrors.error('LS-EXTERNAL-008', {
      what: `the data directory of ${component} cannot be used: ${directory}`,
      why,
      fix,
      cause,
    });
  const asOwner = `run Leitstand as the user ${component} runs as: sudo -u USER leitstand backup`;
  const wrongPlace = `correct \`data_dir\` under attach.${component}`;
  try {
    await access(directory, constants.R_OK | constants.X_OK);
    if (component !== 'prometheus') return;
    await access(join(directory, 'wal'), constants.R_OK | constants.X_OK);
    await access(directory, constants.W_OK);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const why = (await exists(directory))
        ? 'it holds no `wal`, as the data of Prometheus does'
        : 'it is not there';
      throw unusable(why, wrongPlace, error);
    }
    if (code === 'EROFS')
      throw unusable('it is mounted read-only', 'mount it writable: a snapshot is made in it', error);
    if (code !== 'EACCES') throw error;
    throw unusable(`this user (${uidOf()}) has no permission${await ownerOf(directory)}`, asOwner, error);
  }
  const { uid } = await stat(directory);
  if (uidOf() === 0 || uidOf() === uid) return;
  throw unusable(
    `it belongs to the user ${uid}, and this is ${uidOf()}, who could not remove a snapshot`,
    asOwner,
  );
}

function uidOf(): number {
  return process.getuid?.() ?? 0;
}

async function ownerOf(directory: string): Promise<string> {
  const owner = await stat(directory).catch(() => undefined);
  return owner ? `; it belongs to the user ${owner.uid}` : ': a directory above it is closed';
}
