import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { configReference } from '../../src/config/reference.ts';
import { configSchema } from '../../src/config/schema.ts';
import { descriptionOf } from '../../src/config/schema-tree.ts';
import { SCHEMAS } from './workplace.ts';

type Json = Readonly<Record<string, unknown>>;

function at(path: string): Json {
  return path.split('/').reduce((schema, step) => schema[step] as Json, configJsonSchema(SCHEMAS));
}

describe('the JSON Schema', () => {
  it('is draft 7, strict, and asks for what is required', () => {
    expect(configJsonSchema(SCHEMAS)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'leitstand.yaml',
      type: 'object',
      required: ['schema', 'stack'],
      additionalProperties: false,
    });
    expect(at('properties/schema')).toMatchObject({ const: 1 });
  });

  it('allows empty mappings, references for numbers and patterns, and secrets as text', () => {
    const prometheus = at('properties/components/properties/prometheus');
    expect(prometheus).toMatchObject({ type: ['object', 'null'], additionalProperties: false });
    expect(at('properties/components/properties/prometheus/properties/port')).toEqual({
      default: 9090,
      description: 'Where it listens.',
      anyOf: [
        { type: 'integer', minimum: 1, maximum: 65_535 },
        { type: 'string', pattern: String.raw`^\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}$` },
      ],
    });
    expect(
      at('properties/receivers/additionalProperties/properties/slack/items/properties/webhook_url'),
    ).toEqual({
      type: 'string',
      minLength: 1,
      description: 'The address that Slack gave out.',
    });
  });

  it('has patterns that regular expressions can hold, and that take what the loader takes', () => {
    const { anyOf } = at('properties/components/properties/prometheus/properties/retention') as {
      anyOf: { pattern: string }[];
    };
    const accepts = (text: string) => anyOf.some(({ pattern }) => new RegExp(pattern, 'u').test(text));
    for (const text of ['15d', '1d12h', '${env:DAYS}d']) expect(accepts(text)).toBe(true);
    for (const text of ['15', '15 d', 'x']) expect(accepts(text)).toBe(false);
  });
});

describe('the overlays in the JSON Schema', () => {
  it('are one definition, in which nothing is required and null takes a key out', () => {
    expect(at('properties/environments/properties/production')).toEqual({ $ref: '#/definitions/overlay' });
    const overlay = at('definitions/overlay');
    expect(overlay['required']).toBeUndefined();
    expect(Object.keys(overlay['properties'] as Json)).not.toContain('stack');
    expect(at('definitions/overlay/properties/components/properties/prometheus')).toMatchObject({
      type: ['object', 'null'],
    });
    expect(
      at('definitions/overlay/properties/components/properties/prometheus/properties/retention'),
    ).toMatchObject({
      anyOf: [{ type: 'string' }, { type: 'string' }, { type: 'null' }],
    });
  });

  it('ask for everything in the entries of a list, which is replaced as a whole', () => {
    expect(
      at('definitions/overlay/properties/receivers/additionalProperties/properties/slack/items')['required'],
    ).toEqual(['webhook_url', 'channel']);
  });
});

describe('the reference', () => {
  it('has a table for each mapping', () => {
    expect(configReference(SCHEMAS)).toMatchInlineSnapshot(`
      "## Top level

      | key | type | default | description |
      |---|---|---|---|
      | \`schema\` | \`1\` | **required** | Version of this file format. |
      | \`stack\` | name | **required** | Name of the stack; it appears in labels, file names and messages. |
      | \`state_dir\` | path |  | Where Leitstand and the programs keep their data, relative to this file. Default: \`.leitstand\`. |
      | \`environment\` | \`local\`, \`staging\`, \`production\` | \`local\` | Which environment is meant where neither \`--env\` nor \`LEITSTAND_ENV\` says so. |
      | \`language\` | \`en\`, \`de\` | \`en\` | Language of what people receive: messages and alert texts. |
      | \`components\` | mapping |  | The programs of the stack. A name without settings takes all defaults. |
      | \`receivers\` | mapping of names to mappings |  | Who can be told: name → integration → list of places. |
      | \`routing\` | mapping |  | Who is told about which alert. |
      | \`attach\` | mapping |  | Programs that run already, in place of \`components\`: they are watched, tested and backed up, never changed. |
      | \`scrape_jobs\` | list of mappings | \`[]\` | Scrape jobs of your own. |
      | \`rules\` | mapping |  | Alerting rules. |
      | \`inbox\` | mapping |  | The built-in inbox, which answers as Slack, PagerDuty, a mail server or a webhook would. |
      | \`alert_test\` | mapping |  | Test alerts to all receivers: fire drills. |
      | \`daemon\` | mapping |  | The daemon that supervises the stack. |
      | \`backup\` | mapping |  | Backups. |
      | \`provision\` | mapping |  | How the programs of the stack get onto this machine. |
      | \`check\` | mapping |  | What is looked for in the stack before it runs. |
      | \`environments\` | mapping |  | What is different in an environment. |

      ## \`components\`

      The programs of the stack. A name without settings takes all defaults.

      | key | type | default | description |
      |---|---|---|---|
      | \`prometheus\` | mapping |  |  |
      | \`alertmanager\` | mapping |  |  |

      ## \`components.prometheus\`

      | key | type | default | description |
      |---|---|---|---|
      | \`port\` | port | \`9090\` | Where it listens. |
      | \`retention\` | duration | \`15d\` | How long samples are kept. |
      | \`scrape_interval\` | duration | \`15s\` | How often targets are asked. |
      | \`memory\` | size |  | Memory limit. |
      | \`labels\` | mapping of names to text |  | Labels of this server. |
      | \`agent\` | true or false | \`false\` | Whether it only forwards. |
      | \`shards\` | whole number | \`1\` | How many servers share the targets. |

      ## \`components.alertmanager\`

      | key | type | default | description |
      |---|---|---|---|
      | \`port\` | port | \`9093\` | Where it listens. |
      | \`cluster_port\` | port |  | Where its peers find it. |

      ## \`receivers.<name>\`

      A recipient and the ways to reach it.

      | key | type | default | description |
      |---|---|---|---|
      | \`slack\` | list of mappings |  |  |
      | \`webhook\` | list of mappings |  |  |

      ## \`receivers.<name>.slack[]\`

      | key | type | default | description |
      |---|---|---|---|
      | \`webhook_url\` | secret | **required** | The address that Slack gave out. |
      | \`channel\` | text | **required** | Channel or person. |

      ## \`receivers.<name>.webhook[]\`

      | key | type | default | description |
      |---|---|---|---|
      | \`url\` | URL | **required** | Where to post. |
      | \`password\` | secret |  | For basic authentication. |

      ## \`routing\`

      Who is told about which alert.

      | key | type | default | description |
      |---|---|---|---|
      | \`routes\` | list of mappings | \`[]\` | Alerts that go elsewhere because of a label, \`team\` for instance. Tried first, in this order. |
      | \`severity\` | mapping of names to text or mappings |  | Value of the label \`severity\` → receiver. Checked in this order. |
      | \`default\` | text |  | Receiver of every other alert. Required as soon as there are receivers. |
      | \`hours\` | mapping of names to mappings |  | Name → hours, for \`severity\`. |
      | \`watchdog\` | mapping |  | Where Alertmanager pings once a minute for as long as the alert Watchdog reaches it. |
      | \`group_wait\` | duration | \`10s\` | How long the first alert of a group waits for others, so that they make one message. |
      | \`group_interval\` | duration | \`5m\` | How long a group waits before it tells about alerts that joined it. |
      | \`repeat_interval\` | duration | \`4h\` | After what time an alert that still fires is sent again. |

      ## \`routing.routes[]\`

      Alerts of one team, workspace or the like.

      | key | type | default | description |
      |---|---|---|---|
      | \`match\` | mapping of names to text or list of texts | **required** | Labels that an alert must have; all of them. |
      | \`severity\` | mapping of names to text or mappings |  | Of these alerts: value of the label \`severity\` → receiver. |
      | \`receiver\` | text |  | Receiver of the rest of these alerts; default: what is routed further down. |

      ## \`routing.hours.<name>\`

      When it is, in Alertmanager's notation: all of its keys must hold.

      | key | type | default | description |
      |---|---|---|---|
      | \`times\` | list of time ranges | \`[]\` | Times of the day; default: all of it. |
      | \`weekdays\` | list of weekdays | \`[]\` | Days of the week; default: all. |
      | \`days_of_month\` | list of days | \`[]\` | Days of the month; default: all. |
      | \`months\` | list of months | \`[]\` | Months; default: all. |
      | \`location\` | time zone | \`UTC\` | Time zone. |

      ## \`routing.watchdog\`

      Where Alertmanager pings once a minute for as long as the alert Watchdog reaches it.

      | key | type | default | description |
      |---|---|---|---|
      | \`url\` | secret | **required** | Ping URL of a dead man's switch outside, which alarms when the pings end. |

      ## \`attach\`

      Programs that run already, in place of \`components\`: they are watched, tested and backed up, never changed.

      | key | type | default | description |
      |---|---|---|---|
      | \`prometheus\` | mapping |  | A program that somebody else runs. |
      | \`alertmanager\` | mapping |  | An Alertmanager that somebody else runs. |
      | \`pushgateway\` | mapping |  | A program that somebody else runs. |
      | \`loki\` | mapping |  | A program that somebody else runs. |
      | \`grafana\` | mapping |  | A program that somebody else runs. |

      ## \`attach.prometheus\`

      A program that somebody else runs.

      | key | type | default | description |
      |---|---|---|---|
      | \`url\` | URL | **required** | Where it answers. |
      | \`data_dir\` | absolute path |  | Its data directory, where this machine can read it: backups need it. |
      | \`config_file\` | absolute path |  | Its configuration file, where this machine can read it: \`check\` reads it. |
      | \`username\` | text |  | For basic authentication. |
      | \`password\` | secret |  | For basic authentication. |
      | \`bearer_token\` | secret |  | Token for the header \`Authorization: Bearer\`. |
      | \`ca_file\` | absolute path |  | PEM file of the authority that signed its certificate. |

      ## \`attach.alertmanager\`

      An Alertmanager that somebody else runs.

      | key | type | default | description |
      |---|---|---|---|
      | \`url\` | URL | **required** | Where it answers. |
      | \`data_dir\` | absolute path |  | Its data directory, where this machine can read it: backups need it. |
      | \`config_file\` | absolute path |  | Its configuration file, where this machine can read it: \`check\` reads it. |
      | \`username\` | text |  | For basic authentication. |
      | \`password\` | secret |  | For basic authentication. |
      | \`bearer_token\` | secret |  | Token for the header \`Authorization: Bearer\`. |
      | \`ca_file\` | absolute path |  | PEM file of the authority that signed its certificate. |
      | \`peers\` | list of URLs |  | The other members of its cluster, reached with the same credentials: a test asks them all. |

      ## \`attach.pushgateway\`

      A program that somebody else runs.

      | key | type | default | description |
      |---|---|---|---|
      | \`url\` | URL | **required** | Where it answers. |
      | \`data_dir\` | absolute path |  | Its data directory, where this machine can read it: backups need it. |
      | \`config_file\` | absolute path |  | Its configuration file, where this machine can read it: \`check\` reads it. |
      | \`username\` | text |  | For basic authentication. |
      | \`password\` | secret |  | For basic authentication. |
      | \`bearer_token\` | secret |  | Token for the header \`Authorization: Bearer\`. |
      | \`ca_file\` | absolute path |  | PEM file of the authority that signed its certificate. |

      ## \`attach.loki\`

      A program that somebody else runs.

      | key | type | default | description |
      |---|---|---|---|
      | \`url\` | URL | **required** | Where it answers. |
      | \`data_dir\` | absolute path |  | Its data directory, where this machine can read it: backups need it. |
      | \`config_file\` | absolute path |  | Its configuration file, where this machine can read it: \`check\` reads it. |
      | \`username\` | text |  | For basic authentication. |
      | \`password\` | secret |  | For basic authentication. |
      | \`bearer_token\` | secret |  | Token for the header \`Authorization: Bearer\`. |
      | \`ca_file\` | absolute path |  | PEM file of the authority that signed its certificate. |

      ## \`attach.grafana\`

      A program that somebody else runs.

      | key | type | default | description |
      |---|---|---|---|
      | \`url\` | URL | **required** | Where it answers. |
      | \`data_dir\` | absolute path |  | Its data directory, where this machine can read it: backups need it. |
      | \`config_file\` | absolute path |  | Its configuration file, where this machine can read it: \`check\` reads it. |
      | \`username\` | text |  | For basic authentication. |
      | \`password\` | secret |  | For basic authentication. |
      | \`bearer_token\` | secret |  | Token for the header \`Authorization: Bearer\`. |
      | \`ca_file\` | absolute path |  | PEM file of the authority that signed its certificate. |

      ## \`scrape_jobs[]\`

      One entry of Prometheus' \`scrape_configs\`, in Prometheus' own format.

      | key | type | default | description |
      |---|---|---|---|
      | \`job_name\` | text | **required** | Name of the job; becomes the label \`job\`. |

      ## \`rules\`

      Alerting rules.

      | key | type | default | description |
      |---|---|---|---|
      | \`files\` | list of paths | \`[]\` | Rule files of your own, in Prometheus' format, relative to this file. |
      | \`alerts\` | mapping of names to mappings |  | Name of a shipped alert → what you want otherwise. |
      | \`runbook_base_url\` | URL |  | Where you publish \`docs/runbooks\`: alerts then carry \`runbook_url\`. They name \`leitstand explain ALERT\` in any case. |

      ## \`rules.alerts.<name>\`

      What is different from the shipped rule.

      | key | type | default | description |
      |---|---|---|---|
      | \`enabled\` | true or false |  | \`false\` takes the alert out. |
      | \`for\` | duration |  | How long it must be true before it fires. |
      | \`severity\` | text |  | Value of the label \`severity\`. |
      | \`parameters\` | mapping of names to numbers |  | Limits of the rule, by the names on the alert's runbook page. |

      ## \`inbox\`

      The built-in inbox, which answers as Slack, PagerDuty, a mail server or a webhook would.

      | key | type | default | description |
      |---|---|---|---|
      | \`enabled\` | true or false | \`true\` | Whether the inbox runs with the stack. |
      | \`port\` | port | \`5001\` | Port on loopback for what receivers send. |

      ## \`alert_test\`

      Test alerts to all receivers: fire drills.

      | key | type | default | description |
      |---|---|---|---|
      | \`enabled\` | true or false |  | Whether the daemon tests all receivers by itself. Default: in staging and production. |
      | \`schedule\` | schedule | \`0 10 * * 1\` | When: minute, hour, day of the month, month, day of the week. |
      | \`location\` | time zone | \`UTC\` | Time zone of the schedule. |
      | \`max_age\` | duration |  | How long a test proves anything. Default: from one of the schedule to the next, and a day. |
      | \`public_url\` | URL |  | Where people reach the daemon's page on which they say that they saw a test, behind a proxy of yours. Absent: nobody is asked. |

      ## \`daemon\`

      The daemon that supervises the stack.

      | key | type | default | description |
      |---|---|---|---|
      | \`port\` | port | \`9470\` | Port on loopback for the daemon's own metrics (\`/metrics\`). |

      ## \`backup\`

      Backups.

      | key | type | default | description |
      |---|---|---|---|
      | \`directory\` | path |  | Where backups are stored, relative to this file. Default: \`repository\` in the state directory. |
      | \`s3\` | mapping |  | An S3 bucket, in place of \`directory\`. |
      | \`recovery_keys\` | list of public keys |  | To whom backups are encrypted; the secret halves are kept elsewhere, on paper. Default: not encrypted. |
      | \`schedule\` | mapping |  | When it is done by itself. What works on the repository is done one after another. |
      | \`retention\` | mapping |  | How long backups are kept. The newest of each source, and the newest that was drilled, always are. |
      | \`verify\` | mapping |  | What \`leitstand backup verify --rotate\` reads. |
      | \`metrics\` | mapping |  | What Prometheus learns of backups. |

      ## \`backup.s3\`

      An S3 bucket, in place of \`directory\`.

      | key | type | default | description |
      |---|---|---|---|
      | \`bucket\` | text | **required** | Name of the bucket, which must be there, unless a \`component\` has it. |
      | \`component\` | text |  | Component of this stack that has the bucket, in place of an address and keys; the first backup makes the bucket. |
      | \`prefix\` | text | \`\` | What every object's name begins with, for a bucket that others use too. |
      | \`region\` | text |  | Region of AWS. Default: what the environment or the profile says. |
      | \`endpoint\` | URL |  | Server that is not AWS: MinIO, Ceph. |
      | \`path_style\` | true or false |  | Whether the bucket is part of the path rather than of the host name. Default: with an \`endpoint\`. |
      | \`access_key_id\` | secret |  | Default: AWS' own chain: environment, profile, web identity, the role of the machine. |
      | \`secret_access_key\` | secret |  | Belongs to \`access_key_id\`. |
      | \`ca_file\` | path |  | PEM file of the authority that signed the endpoint's certificate, relative to this file. |
      | \`storage_class\` | text |  | Storage class, in S3's words: \`STANDARD_IA\`. |
      | \`encryption\` | \`AES256\`, \`aws:kms\` |  | Encryption at rest by the server, beside that of Leitstand. |
      | \`kms_key_id\` | text |  | Key for \`aws:kms\`. Default: that of the account. |
      | \`object_lock\` | mapping |  | Nobody deletes or replaces a backup before its time. The bucket must have object lock. |

      ## \`backup.s3.object_lock\`

      Nobody deletes or replaces a backup before its time. The bucket must have object lock.

      | key | type | default | description |
      |---|---|---|---|
      | \`mode\` | \`governance\`, \`compliance\` | **required** | \`governance\`: who has the right to bypass it may delete all the same. \`compliance\`: nobody may, not even the owner of the account. |
      | \`days\` | whole number |  | How long. Default: \`retention.days\` of the source, and a week; at most 3650. |

      ## \`backup.schedule\`

      When it is done by itself. What works on the repository is done one after another.

      | key | type | default | description |
      |---|---|---|---|
      | \`enabled\` | true or false |  | Whether the daemon does all this by itself. Default: in staging and production. |
      | \`location\` | time zone | \`UTC\` | Time zone of the times. |
      | \`jitter\` | duration | \`0s\` | Each machine begins later by a time of its own up to this: so that many do not begin at once. |
      | \`backup\` | schedule or \`never\` | \`0 2 * * *\` | \`leitstand backup\`. Minute, hour, day of the month, month, day of the week. |
      | \`verify\` | schedule or \`never\` | \`0 4 * * *\` | \`leitstand backup verify\`: reads a part of the repository back each time, all of it in turn. |
      | \`drill\` | schedule or \`never\` | \`0 5 * * 0\` | \`leitstand drill\`. It needs the room, the memory and the time of a restore. |
      | \`prune\` | schedule or \`never\` | \`0 6 * * *\` | \`leitstand backup prune\`: takes away what \`retention\` does not keep. |

      ## \`backup.retention\`

      How long backups are kept. The newest of each source, and the newest that was drilled, always are.

      | key | type | default | description |
      |---|---|---|---|
      | \`days\` | whole number | \`30\` | Everything that is younger is kept. |
      | \`weeks\` | whole number | \`0\` | Beyond it, the newest of each of so many weeks. |
      | \`months\` | whole number | \`0\` | Beyond it, the newest of each of so many months. |
      | \`years\` | whole number | \`0\` | Beyond it, the newest of each of so many years. |
      | \`sources\` | mapping of names to mappings |  | Component → what holds for it instead. |

      ## \`backup.retention.sources.<name>\`

      For this component.

      | key | type | default | description |
      |---|---|---|---|
      | \`days\` | whole number | \`30\` | Everything that is younger is kept. |
      | \`weeks\` | whole number | \`0\` | Beyond it, the newest of each of so many weeks. |
      | \`months\` | whole number | \`0\` | Beyond it, the newest of each of so many months. |
      | \`years\` | whole number | \`0\` | Beyond it, the newest of each of so many years. |

      ## \`backup.verify\`

      What \`leitstand backup verify --rotate\` reads.

      | key | type | default | description |
      |---|---|---|---|
      | \`days\` | whole number | \`30\` | Every stored byte is read back within so many days, a share of it by each run. |

      ## \`backup.metrics\`

      What Prometheus learns of backups.

      | key | type | default | description |
      |---|---|---|---|
      | \`prefix\` | text | \`sva\` | Of the metrics about the whole backup: \`sva\` makes \`sva_backup_timestamp\`. |
      | \`service\` | text | \`monitoring\` | Their label \`service\`. |
      | \`push\` | true or false |  | Whether they are pushed to the Pushgateway. Default: to one of this stack, not to an attached one. |

      ## \`provision\`

      How the programs of the stack get onto this machine.

      | key | type | default | description |
      |---|---|---|---|
      | \`sources\` | list of \`cache\`, \`release\`, \`debian\`, \`go\` | \`[cache, release, debian, go]\` | Where programs may come from, in this order: the cache, the project's own release archive, a Debian package that is unpacked without installing it, a build with Go. |
      | \`paths\` | mapping of names to absolute paths |  | Programs that are there already: name → full path of the executable. Comes before all sources. |
      | \`cache_dir\` | absolute path |  | Where fetched programs are kept. Default: \`leitstand\` in \`$XDG_CACHE_HOME\`, else in \`~/.cache\`. |
      | \`mirror\` | URL |  | Server that has the release archives under the paths of https://github.com, and is asked in its place. |

      ## \`check\`

      What is looked for in the stack before it runs.

      | key | type | default | description |
      |---|---|---|---|
      | \`waivers\` | list of mappings | \`[]\` | Findings that somebody has decided to live with, for a time. |

      ## \`check.waivers[]\`

      | key | type | default | description |
      |---|---|---|---|
      | \`code\` | text | **required** | Code of the finding. |
      | \`subject\` | text |  | What it is about, as the finding names it; default: every finding of the code. |
      | \`reason\` | text | **required** | Why you live with it. |
      | \`until\` | text | **required** | Last day on which the waiver holds. |

      ## \`environments\`

      What is different in an environment.

      | key | type | default | description |
      |---|---|---|---|
      | \`local\` | mapping |  | On a laptop, or wherever it is tried out. |
      | \`staging\` | mapping |  | Where changes are tried before production. |
      | \`production\` | mapping |  | Where it counts. |
      "
    `);
  });

  it('escapes what would break a table', () => {
    const schema = z.strictObject({ a: z.enum(['x', 'y']).describe('one | two\nthree') });
    expect(configReference({ components: { c: schema }, receivers: {} })).toContain(
      '| `a` | `x`, `y` | **required** | one \\| two three |',
    );
  });
});

it('every key of the file is described', () => {
  const undescribed: string[] = [];
  for (const [key, field] of Object.entries(configSchema({ components: {}, receivers: {} }).shape)) {
    if (descriptionOf(field) === undefined) undescribed.push(key);
    const inner = 'innerType' in field.def ? field.def.innerType : field;
    if (!(inner instanceof z.ZodObject)) continue;
    for (const [name, each] of Object.entries(inner.shape)) {
      if (descriptionOf(each) === undefined) undescribed.push(`${key}.${name}`);
    }
  }
  expect(undescribed).toEqual([]);
});
