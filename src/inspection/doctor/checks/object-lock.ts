import type { BucketLock } from '../../../repository/stores/s3/object-lock.ts';
import type { ObjectLock, Retention, S3Place, Stack } from '../../../stack/stack.ts';
import { type DoctorCheck, type DoctorLine, fail, ok, unknown, warn } from '../check.ts';

/** Whether the bucket does what `backup.s3.object_lock` promises, and for as long as backups are kept. */
export const objectLockCheck: DoctorCheck = {
  name: 'object-lock',
  title: 'object lock',
  needs: 'stack',
  run: async ({ stack, signal }) => {
    const store = stack?.backup.store;
    if (!stack || store?.kind !== 's3' || store.objectLock === undefined) return [];
    return [...timeLines(stack, store.objectLock), await bucketLine(store, store.objectLock, signal)];
  },
};

function timeLines({ backup }: Stack, { days }: ObjectLock): readonly DoctorLine[] {
  if (days === undefined) return [];
  const kept = [['backups', backup.retention] as const, ...Object.entries(backup.retentionOf)];
  return kept.flatMap(([subject, retention]) => timeLine(subject, days, retention));
}

function timeLine(subject: string, days: number, { days: keptDays }: Retention): readonly DoctorLine[] {
  const found = `locked for ${days} d, kept for ${keptDays} d`;
  if (days < keptDays)
    return [
      warn(subject, `${found}: their last days are not locked`, {
        wanted: `${keptDays} d at least`,
        fix: 'remove `days` below `backup.s3.object_lock` (then it is a week more than `retention.days`), or raise it',
      }),
    ];
  if (days > keptDays + LONGER_DAYS)
    return [
      warn(subject, `${found}: they stay until the lock is over`, {
        fix: 'lower `days` below `backup.s3.object_lock`, or raise `retention.days` to what is meant',
      }),
    ];
  return [];
}

/** Beyond retention it is meant to be longer by a week. */
const LONGER_DAYS = 7;

async function bucketLine(store: S3Place, lock: ObjectLock, signal: AbortSignal): Promise<DoctorLine> {
  const subject = `bucket ${store.bucket}`;
  const { lockOfBucket } = await import('../../../repository/stores/s3/lock-of-bucket.ts');
  const { openStoreSettings } = await import('../../../repository/stores/open-store.ts');
  const found = await lockOfBucket(await openStoreSettings(store), signal).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
  if (found === 'unmade')
    return ok(subject, `made with object lock by the first backup, in ${store.component}`);
  if (found instanceof Error)
    return unknown(subject, `cannot be asked: ${found.message.slice(0, 200)}`, {
      matters: store.component === undefined,
      fix: store.component === undefined ? 'leitstand explain LS-REPO-020' : 'leitstand up',
    });
  if (found === undefined)
    return unknown(subject, 'these credentials may not ask whether it locks', {
      matters: false,
      fix: 'allow s3:GetBucketObjectLockConfiguration; each backup looks at its first object all the same',
    });
  return foundLine(subject, found, lock);
}

function foundLine(subject: string, { isEnabled, byDefault }: BucketLock, lock: ObjectLock): DoctorLine {
  if (!isEnabled)
    return fail(subject, 'does not lock objects', {
      wanted: `object lock, mode ${lock.mode}`,
      fix: 'switch object lock on for the bucket (or make a new one with it), or remove `object_lock` below `backup.s3`',
    });
  if (byDefault === undefined) return ok(subject, `locks objects, mode ${lock.mode}`);
  const other = byDefault.mode === lock.mode ? '' : `, while backups are put with ${lock.mode}`;
  return warn(
    subject,
    `locks everything by default, mode ${byDefault.mode} for ${byDefault.days} d${other}: the records of gc/ and verify/ as well`,
    {
      wanted: 'no default retention',
      fix: "remove the bucket's default retention; Leitstand says for each object how long it is locked",
    },
  );
}
