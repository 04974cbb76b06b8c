import type { z } from 'zod';
import { nearest } from '../platform/nearest.ts';
import { choices, type Finding, inPath, pathText } from './finding.ts';
import { objectToSecretKey } from './key-objections.ts';
import { describeType, quote } from './objections.ts';
import type { Places } from './places.ts';
import {
  defaultOf,
  descriptionOf,
  exampleOf,
  hasSecretKeys,
  isMapping,
  isPublic,
  isShowableKey,
  kindOf,
  knownKeys,
  type Path,
  type Schema,
  schemasAt,
  unwrap,
} from './schema-tree.ts';

type Issue = z.core.$ZodIssue;
type Words = Omit<Finding, 'span'>;

export interface Subject {
  readonly schema: Schema;
  /** What was given to the schema. */
  readonly value: unknown;
  readonly places: Places;
}

/** What zod found, in words that help, at the place in the file. */
export function issueFindings(issues: readonly Issue[], subject: Subject): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path as Path;
    if (subject.places.isSpoilt(path)) return [];
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, subject));
    const foreign = foreignKeys(issue);
    if (foreign) return foreign.unknown.map((key) => unknownKey(path, key, subject, foreign.known));
    if (issue.code === 'invalid_key') return [badKey(path, issue, subject)];
    if (issue.code === 'invalid_union' && valueAt(subject.value, path) !== undefined) {
      const branch = closestBranch(issue.errors);
      if (branch)
        return issueFindings(
          branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
          subject,
        );
    }
    return [ordinary(issue, path, subject)];
  });
}

function ordinary(issue: Issue, path: Path, subject: Subject): Finding {
  const input = valueAt(subject.value, path);
  if (input === undefined) {
    const words = missing(path, schemasAt(subject.schema, path));
    const removal = subject.places.removal(path);
    return removal
      ? {
          ...words,
          why: `${removal.by} takes it out`,
          fix: 'remove this line, or give it a value',
          span: removal.span,
        }
      : { ...words, span: subject.places.keySpan(path.slice(0, -1)) };
  }
  const words = wrong(issue, path, input, schemasAt(subject.schema, path));
  return { ...words, span: subject.places.valueSpan(path) };
}

/** The integration that takes every other one that Alertmanager has. */
const PASS_THROUGH = 'alertmanager';

/** What a plug-in's own check says of the keys of a format that is not ours, in the issue's `params`. */
interface ForeignKeys {
  readonly unknown: readonly string[];
  readonly known: readonly string[];
}

function foreignKeys(issue: Issue): ForeignKeys | undefined {
  return issue.code === 'custom' ? (issue.params?.['keys'] as ForeignKeys | undefined) : undefined;
}

function unknownKey(
  path: Path,
  key: string,
  { schema, value, places }: Subject,
  foreign?: readonly string[],
): Finding {
  const schemas = schemasAt(schema, path);
  const keys = foreign ?? knownKeys(schemas) ?? [];
  const span = places.keySpan([...path, key]);
  const near = nearest(key, keys);
  // A secret that is no value of a key is a key without a value.
  const mayBeSecret =
    (foreign !== undefined || hasSecretKeys(schemas)) && valueAt(value, [...path, key]) === null;
  const isShowable = foreign === undefined ? isShowableKey(key, schemas) : near !== undefined;
  const shown = mayBeSecret ? 'without a value' : isShowable ? quote(key) : '(not shown: it may be a secret)';
  if (path.length === 1 && path[0] === 'components')
    return {
      code: 'LS-CONFIG-008',
      what: `unknown component ${shown}`,
      fix: choices(near, 'components are', keys),
      span,
    };
  if (path.length === 2 && path[0] === 'receivers')
    return {
      code: 'LS-CONFIG-009',
      what: `unknown integration ${shown}${inPath(path)}`,
      fix:
        near === undefined && keys.includes(PASS_THROUGH)
          ? `what is none of ${keys.filter((one) => one !== PASS_THROUGH).join(', ')} goes below \`${PASS_THROUGH}:\`, as \`- {type: ${isShowable ? key : 'telegram'}, settings: {…}}\``
          : choices(near, 'integrations are', keys),
      span,
    };
  return {
    code: 'LS-CONFIG-004',
    what: `unknown key ${shown}${inPath(path)}`,
    fix: choices(near, 'keys here are', keys),
    span,
  };
}

function badKey(path: Path, issue: z.core.$ZodIssueInvalidKey, { schema, places }: Subject): Finding {
  const key = String(path.at(-1));
  const record = schemasAt(schema, path.slice(0, -1)).map(unwrap)[0];
  const keyType = record && 'keyType' in record._zod.def ? (record._zod.def.keyType as Schema) : undefined;
  const objection = keyType ? kindOf(keyType)?.object(key) : undefined;
  return {
    code: 'LS-CONFIG-006',
    what: `the name of an entry${inPath(path.slice(0, -1))} ${objection?.problem ?? issue.issues[0]?.message ?? 'is not allowed'}`,
    fix: objection?.fix,
    span: places.keySpan(path),
  };
}

function missing(path: Path, schemas: readonly Schema[]): Words {
  const key = String(path.at(-1));
  const parent = pathText(path.slice(0, -1));
  const description = schemas.map(descriptionOf).find((text) => text !== undefined);
  const example = schemas.map(exampleOf).find((text) => text !== undefined);
  const value = example === undefined ? placeholder(schemas) : asScalar(example);
  const line = `${key}: ${value}`.trimEnd();
  return {
    code: 'LS-CONFIG-007',
    what: parent === '' ? `the key \`${key}\` is missing` : `${parent} lacks the key \`${key}\``,
    fix: `add \`${line}\`${description === undefined ? '' : `: ${lowerFirst(description)}`}`,
  };
}

/** As it must be written in the file: `#monitoring` would be a comment. */
function asScalar(text: string): string {
  return /^[\w/.-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

/** A description as the rest of a sentence. */
function lowerFirst(text: string): string {
  const isWord = /^[A-Z][a-z]/.test(text);
  return (isWord ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text).replace(/\.$/, '');
}

function placeholder(schemas: readonly Schema[]): string {
  if (schemas.some((schema) => kindOf(schema)?.name === 'secret')) return '${secret:NAME}';
  return schemas.some(isMapping) ? '' : '...';
}

function wrong(issue: Issue, path: Path, input: unknown, schemas: readonly Schema[]): Words {
  const where = pathText(path) || 'the file';
  if (input === null) return valueless(where, schemas);
  // Of one value: of a list, where a list may stand too, it does not speak.
  const isList = Array.isArray(input) && schemas.some((schema) => unwrap(schema)._zod.def.type === 'array');
  const kind = isList ? undefined : schemas.map(kindOf).find((each) => each !== undefined);
  const objection = objectToSecretKey(input) ?? kind?.object(input);
  if (objection) {
    const code = objection.problem.startsWith('must be') ? 'LS-CONFIG-005' : 'LS-CONFIG-006';
    return { code, what: `${where} ${objection.problem}`, fix: objection.fix };
  }
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union')
    return wrongType(where, input, schemas);
  if (issue.code === 'invalid_value') return notListed(issue.values, where, input, schemas);
  return { code: 'LS-CONFIG-006', what: `${where} ${problemText(issue)}`, fix: fixOf(issue) };
}

function valueless(where: string, schemas: readonly Schema[]): Words {
  const value = schemas.map(defaultOf).find((each) => each !== undefined);
  const fallback =
    value === undefined ? '' : `; without the line it is ${JSON.stringify(value).replaceAll('"', '')}`;
  return {
    code: 'LS-CONFIG-005',
    what: `${where} has no value`,
    fix: `write a value behind the colon, or delete the line${fallback}`,
  };
}

function wrongType(where: string, input: unknown, schemas: readonly Schema[]): Words {
  const wanted = [...new Set(schemas.map(typeName))];
  const what = `${where} must be ${wanted.join(' or ')}, not ${describeType(input)}`;
  return { code: 'LS-CONFIG-005', what, fix: typeFix(wanted, input, schemas) };
}

function typeFix(wanted: readonly string[], input: unknown, schemas: readonly Schema[]): string | undefined {
  if (typeof input === 'string' && wanted.includes('true or false')) {
    if (/^(yes|on|true)$/i.test(input)) return 'write true';
    if (/^(no|off|false)$/i.test(input)) return 'write false';
  }
  if (typeof input === 'string' && /^\d+$/.test(input) && wanted.some((type) => type.endsWith('number')))
    return `write ${isPublic(schemas) ? input : 'it'} without quotes`;
  if ((typeof input === 'number' || typeof input === 'boolean') && wanted.includes('text'))
    return isPublic(schemas) ? `write '${input}' with quotes` : 'put it into quotes';
  if (wanted.includes('a list')) return 'start each entry on its own line with `- `';
  const keys = knownKeys(schemas);
  if (wanted.includes('a mapping'))
    return `write \`key: value\` lines below it${keys?.length ? `; keys here are: ${keys.join(', ')}` : ''}`;
  return undefined;
}

function typeName(schema: Schema): string {
  const inner = unwrap(schema);
  if (isMapping(inner)) return 'a mapping';
  const { type } = inner._zod.def;
  if (type === 'array' || type === 'tuple') return 'a list';
  if (type === 'boolean') return 'true or false';
  if (type === 'number') return 'a number';
  return 'text';
}

function notListed(
  values: readonly unknown[],
  where: string,
  input: unknown,
  schemas: readonly Schema[],
): Words {
  const texts = values.map(String);
  if (typeof input === 'object' || (typeof input !== typeof values[0] && values.length > 0))
    return {
      code: 'LS-CONFIG-005',
      what: `${where} must be ${texts.join(' or ')}, not ${describeType(input)}`,
      fix: texts.includes(String(input)) ? `write ${String(input)} without quotes` : undefined,
    };
  const text = String(input as string | number | boolean);
  const shown = isPublic(schemas) ? `is ${quote(text)}, which` : 'has a value that';
  return {
    code: 'LS-CONFIG-006',
    what: `${where} ${shown} is not one of: ${texts.join(', ')}`,
    fix: choices(nearest(text, texts), 'allowed are', texts),
  };
}

/** The words of a plug-in's own check, else ours for zod's standard ones. */
function problemText(issue: Issue): string {
  if (!/^(Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === 'too_small' || issue.code === 'too_big') return limitText(issue);
  if (issue.code === 'invalid_format')
    return `is no valid ${issue.format === 'regex' ? 'value' : issue.format}`;
  return 'has a value that is not allowed';
}

function limitText(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const bound = `${issue.code === 'too_small' ? 'at least' : 'at most'} ${String(limit)}`;
  if (issue.origin === 'array' && bound === 'at least 1') return 'is an empty list; it needs an entry';
  if (issue.origin === 'string') return `must have ${bound} characters`;
  return issue.origin === 'array' ? `must have ${bound} entries` : `must be ${bound}`;
}

function fixOf(issue: Issue): string | undefined {
  const fix = issue.code === 'custom' ? issue.params?.['fix'] : undefined;
  return typeof fix === 'string' ? fix : undefined;
}

/** The alternative of a union that fits but for details; none when the type is wrong for all. */
function closestBranch(errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return errors
    .filter((branch) => !branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    .sort((a, b) => a.length - b.length)[0];
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, step)) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[step];
  }
  return current;
}
