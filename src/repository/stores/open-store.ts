import { readFile } from 'node:fs/promises';
import { systemErrorCode } from '../../platform/errors.ts';
import type { Store } from '../../stack/store.ts';
import type { S3Place, StorePlace } from '../../stack/stack.ts';
import { repositoryErrors } from '../errors.ts';
import type { S3Settings } from './s3/settings.ts';

/** Looks at nothing yet but the `ca_file`. Throws LS-REPO-025 when that cannot be read, or the place is not known. */
export async function openStore(place: StorePlace): Promise<Store> {
  switch (place.kind) {
    case 'directory':
      return (await import('./directory/index.ts')).openDirectoryStore(place.path);
    case 's3': {
      const { openS3Store } = await import('./s3/index.ts');
      return openS3Store(await openStoreSettings(place));
    }
    case 'unknown':
      throw repositoryErrors.error('LS-REPO-025', {
        what: 'it is not known where the backups are',
        why: 'the file has mistakes, and says something of S3',
        fix: 'leitstand plan names the mistakes',
      });
  }
}

/** With the authority's certificate read. Throws LS-REPO-025. */
export async function openStoreSettings({ caFile, ...settings }: S3Place): Promise<S3Settings> {
  return { ...settings, ca: caFile === undefined ? undefined : await readCa(caFile) };
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw repositoryErrors.error('LS-REPO-025', {
      what: 'the `ca_file` of the S3 store cannot be read',
      where: { file },
      why: systemErrorCode(error) ?? String(error),
      fix: 'correct `ca_file` below `backup.s3`, or let the user that runs Leitstand read it',
      cause: error,
    });
  }
}
