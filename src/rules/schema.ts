import { z } from 'zod';

/** What a shipped rule file may hold: Prometheus' format, plus numbers with names and texts in two languages. */
const name = z.string().regex(/^[A-Z][A-Za-z0-9]+$/);
const seriesDuration = z.string().regex(/^\d+(ms|s|m|h|d)$/);

export const parameterSchema = z
  .strictObject({
    default: z.number(),
    /** For people: `%`, `hours`. */
    unit: z.string(),
    min: z.number(),
    max: z.number(),
    integer: z.boolean().default(false),
    description: z.string().min(10),
  })
  .refine((parameter) => parameter.default >= parameter.min && parameter.default <= parameter.max);

const texts = z.strictObject({ summary: z.string().min(10), description: z.string().min(10) });

const alertSchema = z.strictObject({
  alert: name,
  parameters: z.record(z.string().regex(/^[a-z][a-z_]*$/), parameterSchema).default({}),
  expr: z.string().min(1),
  for: seriesDuration.default('0s'),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info', 'none']) }),
  annotations: z.strictObject({ en: texts, de: texts }),
});

export const packSchema = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        rules: z.array(alertSchema).min(1),
      }),
    )
    .min(1),
});

/** promtool's test format, less what the pack says already: severity, annotations, the name of the alert. */
export const packTestsSchema = z.strictObject({
  tests: z.array(
    z.strictObject({
      alert: name,
      name: z.string().min(1),
      interval: seriesDuration.default('1m'),
      input_series: z.array(
        z.strictObject({ series: z.string(), values: z.union([z.string(), z.number()]) }),
      ),
      alert_rule_test: z
        .array(
          z.strictObject({
            eval_time: z.string(),
            exp_alerts: z
              .array(
                z.strictObject({
                  exp_labels: z.record(z.string(), z.string()).default({}),
                  /** What `$value` is, where a text shows it. */
                  value: z.union([z.string(), z.number()]).optional(),
                }),
              )
              .default([]),
          }),
        )
        .min(1),
    }),
  ),
});
