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
  const { extendLock } = store;
  return {
    label: store.label,
    ...(extendLock === undefined
      ? {}
      : { extendLock: (name, until) => guard(`lock ${name}`, extendLock(name, until)) }),
    put: (name, data, options) => guard(`write ${name}`, store.put(name, data, options)),
    get: (name, range, into) => guard(`read ${name}`, store.get(name, range, into)),
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
    fix:
      code === 'EFBIG'
        ? 'raise the limit on the size of files: ulimit -f, or LimitFSIZE= of the systemd unit'
        : 'check that the disk is mounted writable and belongs to the user that runs Leitstand',
    cause,
  });
}
