import { z } from 'zod';
import { type DurationText, durationMs } from '../platform/units.ts';
import { SecretReference } from '../stack/secret.ts';
import {
  type Objection,
  objectToDuration,
  objectToName,
  objectToPath,
  objectToPort,
  objectToSecret,
  objectToSize,
  objectToUrl,
  objectToVersion,
} from './objections.ts';

/** What a schema alone does not tell: how to speak of the field's type, and what is wrong with an input. */
export interface FieldKind {
  readonly name: 'duration' | 'size' | 'port' | 'secret' | 'path' | 'name' | 'url' | 'version';
  /** The type in the reference. */
  readonly label: string;
  /** Says what is wrong in words that help; undefined when the input is fine. */
  object(input: unknown): Objection | undefined;
}

/** Fields made by the helpers below; a field keeps its kind through `.describe()`, `.meta()` and `.default()`. */
export const fieldKinds = z.registry<FieldKind>();

const DURATION_PATTERN = '^(\\d+y)?(\\d+w)?(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?(\\d+ms)?$';
const SIZE_PATTERN = '^\\d+(\\.\\d+)?\\s?([kMGT]?B|[KMGT]iB)$';

/**
 * A duration in Prometheus' syntax (`15s`, `1d12h`); stays text, `durationMs` of `platform/units.ts` turns it into
 * milliseconds. Without `min`, `0s` is allowed.
 */
export function duration(options: { readonly min?: DurationText } = {}): z.ZodString {
  const minimumMs = options.min === undefined ? 0 : durationMs(options.min);
  const kind = {
    name: 'duration',
    label: 'duration',
    object: (input: unknown) => objectToDuration(input, minimumMs),
  } as const;
  return textField(kind, { pattern: DURATION_PATTERN, minLength: 2 });
}

/** A size with its unit (`512MiB`, `10GB`); stays text, `sizeBytes` of `platform/units.ts` turns it into bytes. */
export function size(): z.ZodString {
  return textField({ name: 'size', label: 'size', object: objectToSize }, { pattern: SIZE_PATTERN });
}

/** A TCP port, 1 to 65535. A top-level port of a component takes part in the search for ports used twice. */
export function port(): z.ZodInt {
  const kind: FieldKind = { name: 'port', label: 'port', object: objectToPort };
  const field = z.int({ error: errorText(kind) }).check((context) => {
    const objection = objectToPort(context.value);
    if (objection) context.issues.push({ code: 'custom', message: objection.problem, input: context.value });
  });
  fieldKinds.add(field, kind);
  return field.meta({ minimum: 1, maximum: 65_535 });
}

/** `${secret:NAME}` or a literal; hand it to `ResolveSecret` to have the value. Its content is never shown. */
export function secret(): z.ZodCustom<string | SecretReference, string | SecretReference> {
  const object = (input: unknown) => objectToSecret(input, input instanceof SecretReference);
  const kind: FieldKind = { name: 'secret', label: 'secret', object };
  const field = z.custom<string | SecretReference>((input) => object(input) === undefined, {
    error: errorText(kind),
  });
  fieldKinds.add(field, kind);
  return field;
}

/** A path; relative ones are relative to the configuration file, unless `absolute` forbids them. */
export function path(options: { readonly absolute?: boolean } = {}): z.ZodString {
  const absolute = options.absolute === true;
  const kind = {
    name: 'path',
    label: absolute ? 'absolute path' : 'path',
    object: (input: unknown) => objectToPath(input, absolute),
  } as const;
  return textField(kind, { minLength: 1 });
}

/** An http or https URL without credentials. */
export function url(): z.ZodString {
  return textField({ name: 'url', label: 'URL', object: objectToUrl }, { pattern: '^https?://' });
}

/** Of a component with pages that messages link to. */
export function externalUrl() {
  return url()
    .optional()
    .describe('Where people reach it, for the links in messages. Default: its port on loopback.')
    .meta({ examples: ['https://alerts.example.org'] });
}

/**
 * The settings of a component: its own, and those that every component has. `version` reaches provisioning through the
 * stack.
 */
export function componentSettings<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject({
    ...shape,
    memory: size().optional().describe('Memory limit of the program.'),
    version: version()
      .optional()
      .describe(
        '`system` takes the program that is on PATH; a number takes this version and no other. Default: what the sources have.',
      ),
  });
}

function version(): z.ZodString {
  return textField(
    { name: 'version', label: 'version', object: objectToVersion },
    { pattern: '^(system|\\d+\\.\\d+\\.\\d+)$' },
  );
}

/** A name that is safe in file names, labels and container names: `rathaus-nord`. */
export function name(): z.ZodString {
  return textField(
    { name: 'name', label: 'name', object: objectToName },
    { pattern: '^[a-z][a-z0-9-]{0,40}$' },
  );
}

function textField(kind: FieldKind, jsonSchema: Readonly<Record<string, unknown>>): z.ZodString {
  const field = z.string({ error: errorText(kind) }).check((context) => {
    const objection = kind.object(context.value);
    if (objection) context.issues.push({ code: 'custom', message: objection.problem, input: context.value });
  });
  fieldKinds.add(field, kind);
  return field.meta(jsonSchema);
}

function errorText(kind: FieldKind) {
  return (issue: { readonly input?: unknown }) => {
    if (issue.input === undefined) return 'is missing';
    return kind.object(issue.input)?.problem;
  };
}
