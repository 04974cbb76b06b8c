// The sections of the file that no plug-in brings.
import { z } from 'zod';
import { PROVISION_SOURCES } from '../stack/stack.ts';
import {
  cron,
  daysOfMonth,
  duration,
  label,
  months,
  name,
  path,
  port,
  secret,
  timeZone,
  times,
  url,
  weekdays,
} from './fields.ts';

const RECEIVER_OF_SEVERITY = 'The receiver for alerts whose label `severity` has this value.';

const bySeverity = () =>
  z.record(
    z.string(),
    z
      .union([
        z.string(),
        z.strictObject({
          receiver: z.string().describe(RECEIVER_OF_SEVERITY),
          hours: z
            .string()
            .optional()
            .describe(
              'Only in these hours, a name below `hours`; what still fires when they begin is told then. Not for `critical`.',
            )
            .meta({ examples: ['office'] }),
        }),
      ])
      .describe(RECEIVER_OF_SEVERITY),
  );

const hours = z
  .strictObject({
    times: z
      .array(times().describe('From and to, as `08:00-17:00`; the end may be `24:00`.'))
      .default([])
      .describe('Times of the day; default: all of it.')
      .meta({ examples: [['08:00-17:00']] }),
    weekdays: z
      .array(weekdays().describe('A day or a range: `monday:friday`.'))
      .default([])
      .describe('Days of the week; default: all.')
      .meta({ examples: [['monday:friday']] }),
    days_of_month: z
      .array(daysOfMonth().describe('A day or a range: `1:7`; `-1` is the last.'))
      .default([])
      .describe('Days of the month; default: all.')
      .meta({ examples: [['1:7', -1]] }),
    months: z
      .array(months().describe('A month or a range: `december`, `6:8`.'))
      .default([])
      .describe('Months; default: all.')
      .meta({ examples: [['june:august']] }),
    location: timeZone()
      .default('UTC')
      .describe('Time zone.')
      .meta({ examples: ['Europe/Berlin'] }),
  })
  .describe("When it is, in Alertmanager's notation: all of its keys must hold.");

export const routing = z
  .strictObject({
    routes: z
      .array(
        z
          .strictObject({
            match: z
              .record(
                label(),
                z
                  .union([z.string(), z.array(z.string()).min(1)])
                  .describe(
                    'The value of this label, or a list of values. An empty text: the alert lacks it.',
                  ),
              )
              .describe('Labels that an alert must have; all of them.')
              .meta({ examples: [{ team: 'water' }, { workspace_id: ['nord', 'sued'] }] }),
            severity: bySeverity()
              .default({})
              .describe('Of these alerts: value of the label `severity` → receiver.')
              .meta({ examples: [{ critical: 'on-call' }] }),
            receiver: z
              .string()
              .optional()
              .describe('Receiver of the rest of these alerts; default: what is routed further down.'),
          })
          .describe('Alerts of one team, workspace or the like.'),
      )
      .default([])
      .describe(
        'Alerts that go elsewhere because of a label, `team` for instance. Tried first, in this order.',
      ),
    severity: bySeverity()
      .default({})
      .describe('Value of the label `severity` → receiver. Checked in this order.')
      .meta({ examples: [{ critical: 'on-call', warning: { receiver: 'team', hours: 'office' } }] }),
    default: z
      .string()
      .optional()
      .describe('Receiver of every other alert. Required as soon as there are receivers.'),
    hours: z.record(name(), hours).default({}).describe('Name → hours, for `severity`.'),
    watchdog: z
      .strictObject({
        url: secret().describe("Ping URL of a dead man's switch outside, which alarms when the pings end."),
      })
      .optional()
      .describe('Where Alertmanager pings once a minute for as long as the alert Watchdog reaches it.'),
    group_wait: duration()
      .default('10s')
      .describe('How long the first alert of a group waits for others, so that they make one message.'),
    group_interval: duration({ min: '1s' })
      .default('5m')
      .describe('How long a group waits before it tells about alerts that joined it.'),
    repeat_interval: duration({ min: '1s' })
      .default('4h')
      .describe('After what time an alert that still fires is sent again.'),
  })
  .prefault({})
  .describe('Who is told about which alert.');

export const inbox = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether the inbox runs with the stack.'),
    port: port().default(5001).describe('Port on loopback for what receivers send.'),
  })
  .prefault({})
  .describe('The built-in inbox, which answers as Slack, PagerDuty, a mail server or a webhook would.');

export const provision = z
  .strictObject({
    sources: z
      .array(z.enum(PROVISION_SOURCES))
      .min(1)
      .default([...PROVISION_SOURCES])
      .describe(
        "Where programs may come from, in this order: the cache, the project's own release archive, a Debian package that is unpacked without installing it, a build with Go.",
      ),
    paths: z
      .record(z.string(), path({ absolute: true }).describe('Executable to use for this program.'))
      .default({})
      .describe(
        'Programs that are there already: name → full path of the executable. Comes before all sources.',
      ),
    cache_dir: path({ absolute: true })
      .optional()
      .describe(
        'Where fetched programs are kept. Default: `leitstand` in `$XDG_CACHE_HOME`, else in `~/.cache`.',
      ),
    mirror: url()
      .optional()
      .describe(
        'Server that has the release archives under the paths of https://github.com, and is asked in its place.',
      )
      .meta({ examples: ['https://mirror.example.org/github'] }),
  })
  .prefault({})
  .describe('How the programs of the stack get onto this machine.');

export const daemon = z
  .strictObject({
    port: port().default(9470).describe("Port on loopback for the daemon's own metrics (`/metrics`)."),
  })
  .prefault({})
  .describe('The daemon that supervises the stack.');

export const alertTest = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe('Whether the daemon tests all receivers by itself. Default: in staging and production.'),
    schedule: cron()
      .default('0 10 * * 1')
      .describe('When: minute, hour, day of the month, month, day of the week.'),
    location: timeZone()
      .default('UTC')
      .describe('Time zone of the schedule.')
      .meta({ examples: ['Europe/Berlin'] }),
    max_age: duration({ min: '1h' })
      .optional()
      .describe('How long a test proves anything. Default: from one of the schedule to the next, and a day.'),
    public_url: url()
      .optional()
      .describe(
        "Where people reach the daemon's page on which they say that they saw a test, behind a proxy of yours. Absent: nobody is asked.",
      )
      .meta({ examples: ['https://alerts.example.org'] }),
  })
  .prefault({})
  .describe('Test alerts to all receivers: fire drills.');

export const scrapeJob = z
  .looseObject({
    job_name: z.string().min(1).describe('Name of the job; becomes the label `job`.'),
  })
  .describe("One entry of Prometheus' `scrape_configs`, in Prometheus' own format.");

export const rules = z
  .strictObject({
    files: z
      .array(path())
      .default([])
      .describe("Rule files of your own, in Prometheus' format, relative to this file."),
    alerts: z
      .record(
        z.string(),
        z
          .strictObject({
            enabled: z.boolean().optional().describe('`false` takes the alert out.'),
            for: duration().optional().describe('How long it must be true before it fires.'),
            severity: z.string().min(1).optional().describe('Value of the label `severity`.'),
            parameters: z
              .record(z.string(), z.number())
              .optional()
              .describe("Limits of the rule, by the names on the alert's runbook page."),
          })
          .describe('What is different from the shipped rule.'),
      )
      .default({})
      .describe('Name of a shipped alert → what you want otherwise.'),
    runbook_base_url: url()
      .optional()
      .describe(
        'Where you publish `docs/runbooks`: alerts then carry `runbook_url`. They name `leitstand explain ALERT` in any case.',
      ),
  })
  .prefault({})
  .describe('Alerting rules.');

export const check = z
  .strictObject({
    waivers: z
      .array(
        z.strictObject({
          code: z
            .string()
            .regex(/^LS-[A-Z]+-\d{3}$/)
            .describe('Code of the finding.'),
          subject: z
            .string()
            .optional()
            .describe('What it is about, as the finding names it; default: every finding of the code.'),
          reason: z.string().min(1).describe('Why you live with it.'),
          until: z.iso.date().describe('Last day on which the waiver holds.'),
        }),
      )
      .default([])
      .describe('Findings that somebody has decided to live with, for a time.'),
  })
  .prefault({})
  .describe('What is looked for in the stack before it runs.');

const attachment = z
  .strictObject({
    url: url()
      .describe('Where it answers.')
      .meta({ examples: ['http://127.0.0.1:9090'] }),
    data_dir: path({ absolute: true })
      .optional()
      .describe('Its data directory, where this machine can read it: backups need it.'),
    config_file: path({ absolute: true })
      .optional()
      .describe('Its configuration file, where this machine can read it: `check` reads it.'),
    username: z.string().min(1).optional().describe('For basic authentication.'),
    password: secret().optional().describe('For basic authentication.'),
    bearer_token: secret().optional().describe('Token for the header `Authorization: Bearer`.'),
    ca_file: path({ absolute: true })
      .optional()
      .describe('PEM file of the authority that signed its certificate.'),
  })
  .describe('A program that somebody else runs.');

const attachedAlertmanager = attachment
  .extend({
    peers: z
      .array(url())
      .min(1)
      .optional()
      .describe('The other members of its cluster, reached with the same credentials: a test asks them all.')
      .meta({ examples: [['http://10.0.0.2:9093', 'http://10.0.0.3:9093']] }),
  })
  .describe('An Alertmanager that somebody else runs.');

const ATTACHABLE = ['prometheus', 'alertmanager', 'pushgateway', 'loki', 'grafana'] as const;

export const attach = z
  .strictObject({
    ...(Object.fromEntries(ATTACHABLE.map((key) => [key, attachment.optional()])) as Record<
      Exclude<(typeof ATTACHABLE)[number], 'alertmanager'>,
      z.ZodOptional<typeof attachment>
    >),
    alertmanager: attachedAlertmanager.optional(),
  })
  .optional()
  .describe(
    'Programs that run already, in place of `components`: they are watched, tested and backed up, never changed.',
  );
