import { z } from 'zod';
import { LANGUAGES } from '../stack/language.ts';
import { ENVIRONMENTS } from '../stack/stack.ts';
import { backup } from './backup-section.ts';
import { name, path } from './fields.ts';
import { alertTest, attach, check, daemon, inbox, provision, routing, rules, scrapeJob } from './sections.ts';

/** The version of the file format that this Leitstand reads. */
export const SCHEMA_VERSION = 1;

/** What the plug-ins bring: component name → schema of its settings, integration type → schema of one entry. */
export interface PluginSchemas {
  readonly components: Readonly<Record<string, z.ZodType>>;
  readonly receivers: Readonly<Record<string, z.ZodType>>;
}

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
  const shape = {
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
    environment: z
      .enum(ENVIRONMENTS)
      .default('local')
      .describe('Which environment is meant where neither `--env` nor `LEITSTAND_ENV` says so.'),
    language: z
      .enum(LANGUAGES)
      .default('en')
      .describe('Language of what people receive: messages and alert texts.'),
    components: z
      .strictObject(Object.fromEntries(components))
      .prefault({})
      .describe('The programs of the stack. A name without settings takes all defaults.'),
    receivers: z
      .record(
        name(),
        z.strictObject(Object.fromEntries(integrations)).describe('A recipient and the ways to reach it.'),
      )
      .default({})
      .describe('Who can be told: name → integration → list of places.'),
    routing,
    attach,
    scrape_jobs: z.array(scrapeJob).default([]).describe('Scrape jobs of your own.'),
    rules,
    inbox,
    alert_test: alertTest,
    daemon,
    backup,
    provision,
    check,
  };
  return z.strictObject({ ...shape, environments: environmentsSchema(shape) });
}

/** An overlay is the file over again, without what makes it one file, and without anything required. */
function environmentsSchema<Shape extends z.core.$ZodShape>(shape: Shape) {
  const { schema: _schema, stack: _stack, environment: _environment, ...rest } = shape;
  const overlay = z.strictObject(rest).partial().optional();
  return z
    .strictObject({
      local: overlay.describe('On a laptop, or wherever it is tried out.'),
      staging: overlay.describe('Where changes are tried before production.'),
      production: overlay.describe('Where it counts.'),
    })
    .optional()
    .describe('What is different in an environment.');
}

/** A file that was accepted, with its defaults filled in. Component settings and integrations have passed their schemas. */
export type ConfigDocument = Omit<z.infer<ReturnType<typeof configSchema>>, 'environments'>;
