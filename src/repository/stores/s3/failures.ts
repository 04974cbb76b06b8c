import { LeitstandError } from '../../../platform/errors.ts';
import { networkReason } from '../../../platform/network-reason.ts';
import { repositoryErrors } from '../../errors.ts';

interface Failed {
  readonly label: string;
  /** `write packs/ab/…` */
  readonly action: string;
  readonly bucket: string;
  /** Of this stack, where one has the bucket. */
  readonly component: string | undefined;
}

const MISSING = new Set(['NoSuchKey', 'NotFound']);
const PAST_THE_END = new Set(['InvalidRange', '416']);
const DENIED = new Set([
  'AccessDenied',
  'AllAccessDisabled',
  'AccountProblem',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  // versitygw's own
  'XAdminUserNotFound',
]);
const SKEWED = new Set(['RequestTimeTooSkewed', 'RequestExpired']);
const MISPLACED = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'NoSuchBucket',
  'PermanentRedirect',
]);
const FULL = new Set(['InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull', 'EntityTooLarge']);

export function isMissing(error: unknown): boolean {
  return MISSING.has(nameOf(error));
}

export function isNoBucket(error: unknown): boolean {
  return nameOf(error) === 'NoSuchBucket';
}

/** These credentials may not do that, or a lock is in the way. */
export function isRefusal(error: unknown): boolean {
  return statusOf(error) === 403;
}

export function isPastTheEnd(error: unknown): boolean {
  return PAST_THE_END.has(nameOf(error)) || statusOf(error) === 416;
}

/** What S3, the SDK or the network said, as LS-REPO errors; holds no credentials. */
export function s3Error(cause: unknown, failed: Failed): unknown {
  if (cause instanceof LeitstandError || cause instanceof TypeError) return cause;
  const name = nameOf(cause);
  const why = `${name}: ${cause instanceof Error ? cause.message.slice(0, 200) : 'no reason given'}`;
  const what = `${failed.label} failed: could not ${failed.action}`;
  if (SKEWED.has(name))
    return repositoryErrors.error('LS-REPO-022', {
      what,
      why,
      fix: 'synchronise the clock: timedatectl',
      cause,
    });
  if (DENIED.has(name) || [401, 403].includes(statusOf(cause)))
    return repositoryErrors.error('LS-REPO-021', {
      what: `${failed.label} refuses the credentials: could not ${failed.action}`,
      why,
      fix: 'check `access_key_id` and `secret_access_key` below `backup.s3`, or the credentials of the environment, and what they may do',
      cause,
    });
  if (MISPLACED.has(name))
    return repositoryErrors.error('LS-REPO-023', {
      what: `there is no bucket ${failed.bucket} there, or it is in another region`,
      why,
      fix: 'check `bucket`, `region` and `endpoint` below `backup.s3`, or make the bucket',
      cause,
    });
  if (FULL.has(name) || statusOf(cause) === 507)
    return repositoryErrors.error('LS-REPO-006', {
      what: `${failed.label} is full: could not ${failed.action}`,
      why,
      fix: 'raise the quota, or let retention free space, and run the backup again',
      cause,
    });
  if (statusOf(cause) > 0)
    return repositoryErrors.error('LS-REPO-024', {
      what,
      why: `${why} (${statusOf(cause)})`,
      fix: 'look at the server (its status page, its log) and run it again',
      cause,
    });
  return repositoryErrors.error('LS-REPO-020', {
    what: `${failed.label} cannot be reached: could not ${failed.action}`,
    why: networkReason(cause),
    fix:
      failed.component === undefined
        ? 'check `endpoint` below `backup.s3`, the network and the proxy on the way'
        : `start ${failed.component}, which has the backups: leitstand up`,
    cause,
  });
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** Of HTTP; 0: there was no answer. */
export function statusOf(error: unknown): number {
  const { $metadata } = (error ?? {}) as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode ?? 0;
}
