// The section `backup` of the file.
import { z } from 'zod';
import { cronOrNever, duration, path, recoveryKey, secret, timeZone, url } from './fields.ts';

const s3 = z
  .strictObject({
    bucket: z
      .string()
      .min(3)
      .max(63)
      .describe('Name of the bucket, which must be there, unless a `component` has it.'),
    component: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Component of this stack that has the bucket, in place of an address and keys; the first backup makes the bucket.',
      )
      .meta({ examples: ['versitygw'] }),
    prefix: z
      .string()
      .default('')
      .describe("What every object's name begins with, for a bucket that others use too.")
      .meta({ examples: ['leitstand/rathaus-nord'] }),
    region: z
      .string()
      .min(1)
      .optional()
      .describe('Region of AWS. Default: what the environment or the profile says.')
      .meta({ examples: ['eu-central-1'] }),
    endpoint: url()
      .optional()
      .describe('Server that is not AWS: MinIO, Ceph.')
      .meta({ examples: ['https://minio.example.org'] }),
    path_style: z
      .boolean()
      .optional()
      .describe(
        'Whether the bucket is part of the path rather than of the host name. Default: with an `endpoint`.',
      ),
    access_key_id: secret()
      .optional()
      .describe("Default: AWS' own chain: environment, profile, web identity, the role of the machine."),
    secret_access_key: secret().optional().describe('Belongs to `access_key_id`.'),
    ca_file: path()
      .optional()
      .describe("PEM file of the authority that signed the endpoint's certificate, relative to this file."),
    storage_class: z.string().min(1).optional().describe("Storage class, in S3's words: `STANDARD_IA`."),
    encryption: z
      .enum(['AES256', 'aws:kms'])
      .optional()
      .describe('Encryption at rest by the server, beside that of Leitstand.'),
    kms_key_id: z.string().min(1).optional().describe('Key for `aws:kms`. Default: that of the account.'),
    object_lock: z
      .strictObject({
        mode: z
          .enum(['governance', 'compliance'])
          .describe(
            '`governance`: who has the right to bypass it may delete all the same. `compliance`: nobody may, not even the owner of the account.',
          ),
        days: z
          .int()
          .min(1)
          .max(3650)
          .optional()
          .describe('How long. Default: `retention.days` of the source, and a week; at most 3650.'),
      })
      .optional()
      .describe('Nobody deletes or replaces a backup before its time. The bucket must have object lock.')
      .meta({ examples: [{ mode: 'governance' }] }),
  })
  .describe('An S3 bucket, in place of `directory`.');

const retention = () => ({
  days: z.int().min(1).default(30).describe('Everything that is younger is kept.'),
  weeks: z.int().min(0).default(0).describe('Beyond it, the newest of each of so many weeks.'),
  months: z.int().min(0).default(0).describe('Beyond it, the newest of each of so many months.'),
  years: z.int().min(0).default(0).describe('Beyond it, the newest of each of so many years.'),
});

/** Of what works on backups by itself: one place for all that holds where the file says nothing. */
const backupSchedule = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe('Whether the daemon does all this by itself. Default: in staging and production.'),
    location: timeZone()
      .default('UTC')
      .describe('Time zone of the times.')
      .meta({ examples: ['Europe/Berlin'] }),
    jitter: duration()
      .default('0s')
      .describe(
        'Each machine begins later by a time of its own up to this: so that many do not begin at once.',
      )
      .meta({ examples: ['10m'] }),
    backup: cronOrNever()
      .default('0 2 * * *')
      .describe('`leitstand backup`. Minute, hour, day of the month, month, day of the week.'),
    verify: cronOrNever()
      .default('0 4 * * *')
      .describe(
        '`leitstand backup verify`: reads a part of the repository back each time, all of it in turn.',
      ),
    drill: cronOrNever()
      .default('0 5 * * 0')
      .describe('`leitstand drill`. It needs the room, the memory and the time of a restore.'),
    prune: cronOrNever()
      .default('0 6 * * *')
      .describe('`leitstand backup prune`: takes away what `retention` does not keep.'),
  })
  .prefault({})
  .describe('When it is done by itself. What works on the repository is done one after another.');

export const backup = z
  .strictObject({
    directory: path()
      .optional()
      .describe(
        'Where backups are stored, relative to this file. Default: `repository` in the state directory.',
      ),
    s3: s3.optional(),
    recovery_keys: z
      .array(recoveryKey().describe('The public half of a recovery key; each secret half opens all backups.'))
      .min(1)
      .optional()
      .describe(
        'To whom backups are encrypted; the secret halves are kept elsewhere, on paper. Default: not encrypted.',
      ),
    schedule: backupSchedule,
    retention: z
      .strictObject({
        ...retention(),
        sources: z
          .record(z.string(), z.strictObject(retention()).describe('For this component.'))
          .default({})
          .describe('Component → what holds for it instead.'),
      })
      .prefault({})
      .describe(
        'How long backups are kept. The newest of each source, and the newest that was drilled, always are.',
      ),
    verify: z
      .strictObject({
        days: z
          .int()
          .min(1)
          .max(3650)
          .default(30)
          .describe('Every stored byte is read back within so many days, a share of it by each run.'),
      })
      .prefault({})
      .describe('What `leitstand backup verify --rotate` reads.'),
    metrics: z
      .strictObject({
        prefix: z
          .string()
          .regex(/^[a-z][a-z0-9_]*$/, 'takes small letters, digits and underscores, a letter first')
          .default('sva')
          .describe('Of the metrics about the whole backup: `sva` makes `sva_backup_timestamp`.'),
        service: z.string().min(1).default('monitoring').describe('Their label `service`.'),
        push: z
          .boolean()
          .optional()
          .describe(
            'Whether they are pushed to the Pushgateway. Default: to one of this stack, not to an attached one.',
          ),
      })
      .prefault({})
      .describe('What Prometheus learns of backups.'),
  })
  .prefault({})
  .describe('Backups.');
