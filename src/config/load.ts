import { dirname, resolve } from 'node:path';
import { LeitstandError, LeitstandErrors } from '../platform/errors.ts';
import { type ResolveSecret, Secret, SecretReference } from '../stack/secret.ts';
import type { EnvironmentName } from '../stack/stack.ts';
import { type Variables, loadVariables } from './variables.ts';
import { configErrors } from './errors.ts';
import { chooseEnvironment, judge, otherOverlays } from './environments.ts';
import type { Finding } from './finding.ts';
import { type Origin, originFinder } from './origin.ts';
import { type Merged, mergeOverlay } from './overlay.ts';
import { readConfigFile } from './private-file.ts';
import { readableParts } from './readable.ts';
import { type ReadDocument, readDocument } from './reader.ts';
import { type ConfigDocument, configSchema, type PluginSchemas, SCHEMA_VERSION } from './schema.ts';
import type { Path } from './schema-tree.ts';
import { findSecret, secretResolver } from './secrets.ts';
import { type Shown, SourceText } from './source-text.ts';
import { parseYamlText } from './yaml-text.ts';

export interface LoadConfigOptions {
  /** Path of the configuration file; messages show it as it is given. */
  readonly file: string;
  readonly schemas: PluginSchemas;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The environment that is asked for; default: `LEITSTAND_ENV`, then the file's own `environment`. */
  readonly environment?: EnvironmentName | undefined;
}

export interface LoadedConfig {
  /** Defaults filled in, `SecretReference` where `${secret:…}` stood, components and receivers in the file's order. */
  readonly document: ConfigDocument;
  /** Absolute path of the file. */
  readonly file: string;
  readonly directory: string;
  /** The file as it was read; may hold secrets that are written into it. */
  readonly text: string;
  readonly resolveSecret: ResolveSecret;
  /** Whether somebody asked for the environment, rather than the file's own word being taken. */
  readonly isEnvironmentChosen: boolean;
  /** Where the value at a path of the document comes from. */
  origin(path: Path): Origin;
}

/**
 * Reads, checks and completes the file. Throws `LeitstandErrors` with every mistake in it at once, in the file's order
 * (only those of the YAML itself while that is broken). No message holds the value of a secret.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const file = resolve(options.file);
  const directory = dirname(file);
  const text = await readText(options.file);
  const source = new SourceText(text);
  const schema = configSchema(options.schemas);
  const yaml = parseYamlText(source);
  if (yaml.state === 'empty') throw new LeitstandErrors([emptyFile(options)]);
  if (yaml.state === 'damaged') {
    const shown = () => readableParts(yaml.contents, [schema], { text, damaged: true });
    throw new LeitstandErrors(located(yaml.findings, source, shown, options.file));
  }
  const shown = () => readableParts(yaml.document.contents, [schema], { text, damaged: false });
  const { environment, errors: problems } = await loadVariables(directory, options.env);
  // What is in a .env that the file does not use is none of our business.
  const errors = text.includes('${') || text.includes('environment') ? problems : [];
  const read = readDocument(yaml.document, [schema], { text, lookUp: environment.lookUp });
  const version = versionFinding(read);
  if (version) throw new LeitstandErrors(located([version], source, shown, options.file));
  const chosen = chooseEnvironment(read, options.environment, environment);
  const merged = mergeOverlay(read.value, read.places, chosen.name);
  const secrets = await findSecrets(read, merged, directory, environment);
  const { document: parsed, findings } = judge(schema, read, merged);
  const all = [
    ...read.findings.filter(({ path }) => path === undefined || merged.isInForce(path)),
    ...chosen.findings,
    ...findings,
    ...otherOverlays(schema, read, chosen.name, findings),
    ...secrets.findings,
  ];
  const mistakes = [...errors, ...located(all, source, shown, options.file), ...secrets.errors];
  if (mistakes.length > 0 || parsed === undefined) throw new LeitstandErrors(mistakes);
  const { environments: _overlays, ...rest } = parsed;
  const document = inFileOrder({ ...rest, environment: chosen.name }, merged.value) as ConfigDocument;
  return {
    document,
    file,
    directory,
    text,
    resolveSecret: secretResolver(secrets.found),
    isEnvironmentChosen: chosen.isAskedFor,
    origin: originFinder({ source, text, places: merged.places, environment, chosen }),
  };
}

async function readText(file: string): Promise<string> {
  const result = await readConfigFile(file, 'LS-CONFIG-002');
  if (result instanceof Error) throw new LeitstandErrors([result]);
  if (result) return result.text;
  throw new LeitstandErrors([
    configErrors.error('LS-CONFIG-001', {
      what: 'the configuration file does not exist',
      fix: 'name the right one with `--file PATH`; a new stack begins with `leitstand init`',
      where: { file },
    }),
  ]);
}

function emptyFile({ file, schemas }: LoadConfigOptions): LeitstandError {
  const [component = 'prometheus'] = Object.keys(schemas.components);
  return configErrors.error('LS-CONFIG-017', {
    what: 'the configuration file is empty',
    fix: `start with\nschema: ${SCHEMA_VERSION}\nstack: my-stack\ncomponents:\n  ${component}:`,
    where: { file },
  });
}

function versionFinding({ value, places }: ReadDocument): Finding | undefined {
  if (value === null || typeof value !== 'object' || !('schema' in value)) return undefined;
  const version = value.schema;
  if (typeof version !== 'number' || version === SCHEMA_VERSION || places.isSpoilt(['schema']))
    return undefined;
  return {
    code: 'LS-CONFIG-016',
    what: `this is a configuration of schema version ${version}; this Leitstand reads version ${SCHEMA_VERSION}`,
    fix:
      version > SCHEMA_VERSION
        ? 'use a newer Leitstand'
        : `write \`schema: ${SCHEMA_VERSION}\`; what else has to change is reported then`,
    span: places.valueSpan(['schema']),
  };
}

async function findSecrets(read: ReadDocument, merged: Merged, directory: string, environment: Variables) {
  const found = new Map<string, Secret>();
  const findings: Finding[] = [];
  const errors: LeitstandError[] = [];
  const asked = new Set<string>();
  for (const { name, path, span } of read.secrets) {
    if (asked.has(name) || !merged.isInForce(path)) continue;
    asked.add(name);
    const result = await findSecret(name, directory, environment);
    if (result instanceof Secret) found.set(name, result);
    else if (result instanceof LeitstandError) errors.push(result);
    else findings.push({ ...result, span });
  }
  return { found, findings, errors };
}

function located(
  findings: readonly Finding[],
  source: SourceText,
  readable: () => readonly Shown[],
  file: string,
): readonly LeitstandError[] {
  // A file without mistakes need not be walked through for what may be quoted.
  if (findings.length === 0) return [];
  const shown = readable();
  return [...findings]
    .sort((a, b) => a.span.start - b.span.start)
    .map(({ code, what, why, fix, span }) =>
      configErrors.error(code, {
        what,
        why,
        fix,
        where: { file, ...source.position(span.start) },
        detail: source.excerpt(span, shown),
      }),
    );
}

/** zod returns keys in the schema's order; what people wrote first comes first, then the defaults. */
function inFileOrder(output: unknown, input: unknown): unknown {
  if (Array.isArray(output))
    return output.map((item, i) => inFileOrder(item, Array.isArray(input) ? input[i] : undefined));
  if (output === null || typeof output !== 'object' || output instanceof SecretReference) return output;
  const given = (input !== null && typeof input === 'object' ? input : {}) as Readonly<
    Record<string, unknown>
  >;
  const keys = new Set([
    ...Object.keys(given).filter((key) => Object.hasOwn(output, key)),
    ...Object.keys(output),
  ]);
  const values = output as Readonly<Record<string, unknown>>;
  return Object.fromEntries([...keys].map((key) => [key, inFileOrder(values[key], given[key])]));
}
