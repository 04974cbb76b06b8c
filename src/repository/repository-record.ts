import type { LeitstandError } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';
import type { RepositoryContext } from './context.ts';
import { repositoryErrors } from './errors.ts';
import { MARKER } from './names.ts';
import { FORMAT, type RepositoryRecord, repositoryRecord } from './records.ts';
import { altered, openRecord } from './signed-record.ts';

/** More than any mark has: what is longer does not hold. */
const MARKER_BYTES = 64 * 1024;

export function noRepository(store: Pick<Store, 'label'>): LeitstandError {
  return repositoryErrors.error('LS-REPO-001', {
    what: `there is no repository in ${store.label}`,
    why: `it has no ${MARKER}: the path is wrong, the disk is not mounted, or no backup was ever made`,
    fix: 'check the path and the mount; leitstand backup makes a repository in an empty directory',
  });
}

/** Throws LS-REPO-001, -002, -003 and -015. */
export async function readRepositoryRecord(
  context: Pick<RepositoryContext, 'store' | 'trusted'>,
): Promise<RepositoryRecord> {
  const bytes = await context.store.get(MARKER, { offset: 0, length: MARKER_BYTES });
  if (bytes === undefined) throw noRepository(context.store);
  const record = await openRecord(MARKER, bytes, context.trusted);
  const parsed = repositoryRecord.safeParse(record);
  if (parsed.success) return parsed.data;
  if (record['format'] === FORMAT) throw altered(MARKER, 'it is signed but no record of this format');
  throw repositoryErrors.error('LS-REPO-015', {
    what: `the repository in ${context.store.label} has format ${JSON.stringify(record['format'] ?? null)}`,
    why: `this version of Leitstand knows ${FORMAT}`,
    fix: 'use the version of Leitstand that wrote it, or a newer one',
  });
}
