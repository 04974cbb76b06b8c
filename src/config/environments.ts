import type { z } from 'zod';
import { nearest } from '../platform/nearest.ts';
import { ENVIRONMENTS, type EnvironmentName } from '../stack/stack.ts';
import { crossFindings } from './cross-checks.ts';
import type { Variables } from './variables.ts';
import { choices, type Finding } from './finding.ts';
import { issueFindings } from './issues.ts';
import { type Merged, mergeOverlay } from './overlay.ts';
import type { ReadDocument } from './reader.ts';
import { quote } from './objections.ts';
import type { configSchema } from './schema.ts';

type FileSchema = ReturnType<typeof configSchema>;

interface Judgement {
  readonly document: z.infer<FileSchema> | undefined;
  readonly findings: readonly Finding[];
}

/** The merged file against the schema, and what no single field can tell. */
export function judge(schema: FileSchema, read: ReadDocument, merged: Merged): Judgement {
  const value = withOverlayKeys(merged.value, read.value);
  const parsed = schema.safeParse(value);
  return {
    document: parsed.success ? parsed.data : undefined,
    findings: [
      ...issueFindings(parsed.error?.issues ?? [], { schema, value, places: merged.places }),
      ...crossFindings(schema, merged.value, merged.places),
    ],
  };
}

/** Of an overlay only its keys are judged by themselves: its values are where they belong, in the merged file. */
function withOverlayKeys(merged: unknown, file: unknown): unknown {
  if (!isMapping(merged) || !isMapping(file) || !('environments' in file)) return merged;
  const { environments } = file;
  if (!isMapping(environments)) return { ...merged, environments };
  const keysOf = (overlay: unknown) =>
    isMapping(overlay) ? Object.fromEntries(Object.keys(overlay).map((key) => [key, undefined])) : overlay;
  return {
    ...merged,
    environments: Object.fromEntries(
      Object.entries(environments).map(([name, overlay]) => [name, keysOf(overlay)]),
    ),
  };
}

/** A mistake in production's overlay shows on the laptop already. */
export function otherOverlays(
  schema: FileSchema,
  read: ReadDocument,
  chosen: EnvironmentName,
  known: readonly Finding[],
): readonly Finding[] {
  const seen = new Set(known.map(({ code, span }) => `${code} ${span.start}`));
  return ENVIRONMENTS.filter((name) => name !== chosen).flatMap((name) => {
    const span = read.places.get(['environments', name])?.value;
    if (!span) return [];
    const { findings } = judge(schema, read, mergeOverlay(read.value, read.places, name));
    return findings.filter(
      (finding) =>
        finding.span.start >= span.start &&
        finding.span.end <= span.end &&
        !seen.has(`${finding.code} ${finding.span.start}`),
    );
  });
}

export interface ChosenEnvironment {
  readonly name: EnvironmentName;
  /** By somebody, rather than by the file itself. */
  readonly isAskedFor: boolean;
  readonly findings: readonly Finding[];
}

/** Asked for by the caller, else by `LEITSTAND_ENV`; else the file's own word. */
export function chooseEnvironment(
  read: ReadDocument,
  environment: EnvironmentName | undefined,
  world: Variables,
): ChosenEnvironment {
  const value = isMapping(read.value) ? read.value : {};
  const given = environment === undefined ? (world.lookUp('LEITSTAND_ENV') ?? '') : '';
  const asked = environment ?? environmentNamed(given);
  const own = environmentNamed(value['environment']) ?? 'local';
  const overlays = isMapping(value['environments']) ? Object.keys(value['environments']) : [];
  if (asked === undefined && given !== '') {
    const finding = noSuchEnvironment(given, read.places.keySpan(['environments']));
    return { name: own, isAskedFor: true, findings: [finding] };
  }
  const isUnknown = asked !== undefined && asked !== own && !overlays.includes(asked);
  const findings: Finding[] = isUnknown
    ? [
        {
          code: 'LS-CONFIG-021',
          what: `the file says nothing about the environment ${asked}`,
          why: environment === undefined ? 'LEITSTAND_ENV asks for it' : '`--env` asks for it',
          fix: `${choices(undefined, 'environments of this file are', [...new Set([own, ...overlays])])}; add \`environments: {${asked}: {…}}\`, or write \`environment: ${asked}\` when the file is for nothing else`,
          span: read.places.keySpan(['environments']),
        },
      ]
    : [];
  return { name: asked ?? own, isAskedFor: asked !== undefined, findings };
}

/** `LEITSTAND_ENV=prod`: going on as `local` would run a laptop's configuration where it counts. */
function noSuchEnvironment(given: string, span: Finding['span']): Finding {
  return {
    code: 'LS-CONFIG-021',
    what: `LEITSTAND_ENV is ${quote(given)}, and there is no such environment`,
    fix: `${choices(nearest(given, ENVIRONMENTS), 'environments are', ENVIRONMENTS)}; unset the variable (also in .env) where the file's own word shall hold`,
    span,
  };
}

function environmentNamed(name: unknown): EnvironmentName | undefined {
  return ENVIRONMENTS.find((each) => each === name);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
