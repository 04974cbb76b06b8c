import { z } from 'zod';
import { type DurationText, durationMs } from '../platform/units.ts';
import { SecretReference } from '../stack/secret.ts';
import {
  describeType,
  type Objection,
  objectToCron,
  objectToDuration,
  objectToName,
  objectToPath,
  objectToPort,
  objectToSecret,
  objectToSize,
  objectToTimeZone,
  objectToUrl,
  objectToVersion,
} from './objections.ts';
import { objectToRecoveryKey } from './key-objections.ts';
import { objectToHostPort, objectToMailAddress } from './mail-objections.ts';
import { objectToTemplate } from './template/objections.ts';
import {
  objectToDays,
  objectToLabel,
  objectToMonths,
  objectToTimes,
  objectToWeekdays,
} from './hours-objections.ts';

/** What a schema alone does not tell: how to speak of the field's type, and what is wrong with an input. */
export interface FieldKind {
  readonly name:
    | 'duration'
    | 'size'
    | 'port'
    | 'secret'
    | 'foreign'
    | 'path'
    | 'name'
    | 'url'
    | 'version'
    | 'cron'
    | 'time-zone'
    | 'mail-address'
    | 'host-port'
    | 'template'
    | 'times'
    | 'weekdays'
    | 'days'
    | 'months'
    | 'label'
    | 'recovery-key';
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

/** A tree in a format that is not ours. */
export type Foreign =
  | string
  | number
  | boolean
  | null
  | SecretReference
  | readonly Foreign[]
  | { readonly [key: string]: Foreign };

/**
 * A mapping in a format that is not ours, in which every text may be `${secret:NAME}` as well: hand those to
 * `ResolveSecret`. What the keys mean is not known here, so that none of its values is shown.
 */
export function foreign(): z.ZodCustom<Readonly<Record<string, Foreign>>, Readonly<Record<string, Foreign>>> {
  const kind: FieldKind = { name: 'foreign', label: 'mapping', object: () => undefined };
  const field = z.custom<Readonly<Record<string, Foreign>>>(isForeignMapping, {
    error: ({ input }) =>
      input === undefined ? 'is missing' : `must be a mapping, not ${describeType(input)}`,
  });
  fieldKinds.add(field, kind);
  return field;
}

function isForeignMapping(input: unknown): boolean {
  return (
    input !== null &&
    typeof input === 'object' &&
    !Array.isArray(input) &&
    !(input instanceof SecretReference)
  );
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

/** `ops@example.org` or `Ops <ops@example.org>`; stays text, `platform/mail-address.ts` takes it apart. */
export function mailAddress(): z.ZodString {
  return textField(
    { name: 'mail-address', label: 'e-mail address', object: objectToMailAddress },
    { pattern: '@' },
  );
}

/** `host:port` of a server; stays text, `platform/host-port.ts` takes it apart. `usual` are its ports. */
export function hostPort(...usual: readonly [number, ...number[]]): z.ZodString {
  return textField(
    { name: 'host-port', label: 'host:port', object: (input) => objectToHostPort(input, { usual }) },
    { pattern: ':\\d{1,5}$' },
  );
}

/** A text in Alertmanager's template language; empty ones are refused unless `mayBeEmpty`. */
export function template(options: { readonly mayBeEmpty?: boolean } = {}): z.ZodString {
  const { mayBeEmpty = false } = options;
  return textField(
    { name: 'template', label: 'template', object: (input) => objectToTemplate(input, { mayBeEmpty }) },
    mayBeEmpty ? {} : { minLength: 1 },
  );
}

/** From and to, as `08:00-17:00`; `readTimes` of `routing/time-interval.ts` takes it apart. */
export function times(): z.ZodString {
  return textField(
    { name: 'times', label: 'time range', object: objectToTimes },
    { pattern: '^([01]\\d|2[0-3]):[0-5]\\d *- *(([01]\\d|2[0-3]):[0-5]\\d|24:00)$' },
  );
}

/** `monday:friday`, `sunday` */
export function weekdays(): z.ZodString {
  return textField(
    { name: 'weekdays', label: 'weekday', object: objectToWeekdays },
    { pattern: '^[A-Za-z]+(:[A-Za-z]+)?$' },
  );
}

/** `1:7`, `-1`, or a number. */
export function daysOfMonth() {
  return numberOrText({ name: 'days', label: 'day', object: objectToDays }, '^-?\\d+(:-?\\d+)?$');
}

/** `december`, `6:8`, or a number. */
export function months() {
  return numberOrText(
    { name: 'months', label: 'month', object: objectToMonths },
    '^([A-Za-z]+|\\d+)(:([A-Za-z]+|\\d+))?$',
  );
}

/** A label's name, as every version of Alertmanager takes it. */
export function label(): z.ZodString {
  return textField(
    { name: 'label', label: 'label', object: objectToLabel },
    { pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' },
  );
}

/** YAML makes a number of what Alertmanager reads as text. */
function numberOrText(kind: FieldKind, pattern: string): z.ZodCustom<string | number, string | number> {
  const field = z.custom<string | number>((input) => kind.object(input) === undefined, {
    error: errorText(kind),
  });
  fieldKinds.add(field, kind);
  return field.meta({ type: ['string', 'integer'], pattern });
}

/** Of a component with pages that messages link to. */
export function externalUrl() {
  return url()
    .optional()
    .describe(
      'Where people reach it, for the links in messages; a proxy takes off the path, if it has one. Default: its port on loopback.',
    )
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

/** Five fields as of cron(5); stays text, `parseCron` of `platform/cron.ts` reads it. */
export function cron(): z.ZodString {
  return textField(
    { name: 'cron', label: 'schedule', object: objectToCron },
    { pattern: '^\\S+( +\\S+){4}$' },
  );
}

/** The same, or `never`. */
export function cronOrNever(): z.ZodString {
  const object = (input: unknown) => (input === NEVER ? undefined : objectToCron(input));
  return textField(
    { name: 'cron', label: `schedule or \`${NEVER}\``, object },
    { pattern: `^(${NEVER}|\\S+( +\\S+){4})$` },
  );
}

export const NEVER = 'never';

/** `Europe/Berlin` */
export function timeZone(): z.ZodString {
  return textField({ name: 'time-zone', label: 'time zone', object: objectToTimeZone }, { minLength: 1 });
}

/** The public half of an age key: `age1…`. */
export function recoveryKey(): z.ZodString {
  return textField(
    { name: 'recovery-key', label: 'public key', object: objectToRecoveryKey },
    { pattern: '^age1[02-9ac-hj-np-z]+$' },
  );
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
