import { parse } from 'yaml';
import type { z } from 'zod';
import { durationMs } from '../platform/units.ts';
import type { RuleFile } from '../stack/offer.ts';
import type { Language } from '../stack/language.ts';
import type { AlertSettings } from '../stack/stack.ts';
import { annotationLabels } from './annotation.ts';
import { placeholderNames, type Values } from './placeholders.ts';
import { packSchema, packTestsSchema, type parameterSchema } from './schema.ts';

export type Parameter = z.infer<typeof parameterSchema>;

/** A shipped alert, as it is without anybody's settings. */
export interface PackAlert {
  readonly name: string;
  readonly expr: string;
  /** Duration text; `0s`: at once. */
  readonly for: string;
  readonly severity: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly annotations: Readonly<Record<Language, AlertTexts>>;
}

export interface AlertTexts {
  readonly summary: string;
  readonly description: string;
}

export interface Pack {
  /** `disks` for `disks.rules.yml`. */
  readonly name: string;
  readonly groups: readonly { readonly name: string; readonly alerts: readonly PackAlert[] }[];
  /** Its unit tests; read when they are asked for, since `up` does without them. */
  tests(): PackTests;
}

export type PackTests = z.infer<typeof packTestsSchema>['tests'];

/** A shipped rule file as types. What is wrong with one is a bug of ours: a TypeError that names the file. */
export function parsePack(file: RuleFile): Pack {
  const read = <Output>(schema: z.ZodType<Output>, text: string): Output => {
    const result = schema.safeParse(parse(text));
    if (!result.success) throw new TypeError(`${file.name}: ${result.error.message}`);
    return result.data;
  };
  const groups = read(packSchema, file.content).groups.map((group) => ({
    name: group.name,
    alerts: group.rules.map(({ alert, labels, ...rest }) => ({
      name: alert,
      severity: labels.severity,
      ...rest,
    })),
  }));
  for (const { alerts } of groups) for (const alert of alerts) assertSound(alert, file.name);
  let tests: PackTests | undefined;
  return {
    name: file.name.replace(/\.rules\.yml$/, ''),
    groups,
    tests: () => (tests ??= read(packTestsSchema, file.tests ?? 'tests: []').tests),
  };
}

export function alertsOf(packs: readonly Pack[]): PackAlert[] {
  return packs.flatMap(({ groups }) => groups.flatMap(({ alerts }) => alerts));
}

/** The rule's numbers with the settings applied. */
export function valuesOf(alert: PackAlert, settings: AlertSettings = {}): Values {
  return Object.fromEntries(
    Object.entries(alert.parameters).map(([key, parameter]) => [
      key,
      settings.parameters?.[key] ?? parameter.default,
    ]),
  );
}

function assertSound(alert: PackAlert, file: string): void {
  const texts = Object.values(alert.annotations).flatMap(({ summary, description }) => [
    summary,
    description,
  ]);
  const used = new Set([alert.expr, ...texts].flatMap(placeholderNames));
  const parameters = Object.keys(alert.parameters);
  const wrong = [
    ...[...used].filter((key) => !parameters.includes(key)),
    ...parameters.filter((key) => !placeholderNames(alert.expr).includes(key)),
  ];
  if (wrong.length > 0)
    throw new TypeError(`${file}: ${alert.name}: parameters and placeholders differ: ${wrong.join(', ')}`);
  for (const text of texts) annotationLabels(text);
  durationMs(alert.for);
}
