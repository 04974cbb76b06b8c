import { LeitstandError, systemErrorCode } from '../platform/errors.ts';
import type { Store } from '../stack/store.ts';
import { repositoryErrors } from './errors.ts';

/** The same store, with the system's errors told as LS-REPO-006 (full) and LS-REPO-007. */
export function guardStore(store: Store): Store {
  const guard = async <Result>(action: string, work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      throw storeError(store, action, error);
    }
  };
  return {
    label: store.label,
    put: (name, data) => guard(`write ${name}`, store.put(name, data)),
    get: (name, range) => guard(`read ${name}`, store.get(name, range)),
    head: (name) => guard(`look at ${name}`, store.head(name)),
    delete: (name) => guard(`delete ${name}`, store.delete(name)),
    time: () => guard('tell the time', store.time()),
    list: async function* (prefix) {
      try {
        yield* store.list(prefix);
      } catch (error) {
        throw storeError(store, `list ${prefix}`, error);
      }
    },
  };
}

function storeError(store: Store, action: string, cause: unknown): unknown {
  const code = systemErrorCode(cause);
  if (cause instanceof LeitstandError || code === undefined) return cause;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return repositoryErrors.error('LS-REPO-006', {
      what: `${store.label} is full: could not ${action}`,
      why: code === 'EDQUOT' ? 'the quota is used up (EDQUOT)' : 'no space left on the device (ENOSPC)',
      fix: 'make room on that disk (df -h shows how much is left) and run the backup again',
      cause,
    });
  return repositoryErrors.error('LS-REPO-007', {
    what: `${store.label} failed: could not ${action}`,
    why: cause instanceof Error ? cause.message : code,
    fix: 'check that the disk is mounted writable and belongs to the user that runs Leitstand',
    cause,
  });
}
