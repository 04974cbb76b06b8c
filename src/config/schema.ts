import { z } from 'zod';
import { duration, name, path, port } from './fields.ts';

/** The version of the file format that this Leitstand reads. */
export const SCHEMA_VERSION = 1;

/** What the plug-ins bring: component name → schema of its settings, integration type → schema of one entry. */
export interface PluginSchemas {
  readonly components: Readonly<Record<string, z.ZodType>>;
  readonly receivers: Readonly<Record<string, z.ZodType>>;
}

const routing = z
  .strictObject({
    severity: z
      .record(
        z.string(),
        z.string().describe('The receiver for alerts whose label `severity` has this value.'),
      )
      .default({})
      .describe('Value of the label `severity` → receiver. Checked in this order.'),
    default: z
      .string()
      .optional()
      .describe('Receiver of every other alert. Required as soon as there are receivers.'),
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

const inbox = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether the inbox runs with the stack.'),
    port: port().default(5001).describe('Port on loopback for what receivers send.'),
  })
  .prefault({})
  .describe('The built-in sandbox that answers as Slack, PagerDuty, a mail server or a webhook would.');

const backup = z
  .strictObject({
    directory: path()
      .optional()
      .describe(
        'Where backups are stored, relative to this file. Default: `repository` in the state directory.',
      ),
  })
  .prefault({})
  .describe('Backups.');

const provision = z
  .strictObject({
    sources: z
      .array(z.enum(['cache', 'debian', 'go']))
      .min(1)
      .default(['cache', 'debian', 'go'])
      .describe(
        'Where programs may come from, in this order: the cache, a Debian package that is unpacked without installing it, a build with Go.',
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
  })
  .prefault({})
  .describe('How the programs of the stack get onto this machine.');

/** The whole file. Input and output are the same but for defaults: units are converted by who needs numbers. */
export function configSchema(schemas: PluginSchemas) {
  const components = Object.entries(schemas.components).map(
    ([key, schema]): [string, z.ZodOptional<z.ZodType>] => [key, schema.optional()],
  );
  const integrations = Object.entries(schemas.receivers).map(
    ([key, schema]): [string, z.ZodOptional<z.ZodArray<z.ZodType>>] => [
      key,
      z.array(schema).min(1).optional(),
    ],
  );
  return z.strictObject({
    schema: z
      .literal(SCHEMA_VERSION)
      .describe('Version of this file format.')
      .meta({ examples: [1] }),
    stack: name()
      .describe('Name of the stack; it appears in labels, file names and messages.')
      .meta({ examples: ['rathaus-nord'] }),
    state_dir: path()
      .optional()
      .describe(
        'Where Leitstand and the programs keep their data, relative to this file. Default: `.leitstand`.',
      ),
    components: z
      .strictObject(Object.fromEntries(components))
      .describe('The programs of the stack. A name without settings takes all defaults.'),
    receivers: z
      .record(
        name(),
        z.strictObject(Object.fromEntries(integrations)).describe('A recipient and the ways to reach it.'),
      )
      .default({})
      .describe('Who can be told: name → integration → list of places.'),
    routing,
    inbox,
    backup,
    provision,
  });
}

/** A file that was accepted, with its defaults filled in. Component settings and integrations have passed their schemas. */
export type ConfigDocument = z.infer<ReturnType<typeof configSchema>>;
