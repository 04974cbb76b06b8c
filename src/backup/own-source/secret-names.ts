import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseDotenv } from '../../config/dotenv.ts';
import { parseReferences } from '../../config/references.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import { readTextIfExists } from '../../platform/files.ts';

/** What the configuration takes from outside, and where it came from: never its value. Also the form of `secrets.json`. */
export const OutsideValues = z.array(
  z.object({
    kind: z.enum(['secret', 'variable']),
    name: z.string(),
    /** `secrets/NAME`, `environment`, `.env`; absent: it was nowhere. */
    from: z.string().optional(),
    /** Of a file: permission bits in octal, and bytes. */
    mode: z.string().optional(),
    bytes: z.number().optional(),
  }),
);
export type OutsideValues = Readonly<z.output<typeof OutsideValues>>;
export type OutsideValue = OutsideValues[number];

/** Everything that `text` refers to, by name. */
export async function outsideValues(
  text: string,
  directory: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OutsideValue[]> {
  const dotenv = parseDotenv((await readTextIfExists(join(directory, '.env'))) ?? '').values;
  const values: OutsideValue[] = [];
  for (const [kind, name] of namesIn(text)) {
    const file = kind === 'secret' ? await fileOf(directory, name) : undefined;
    const from = env[name] !== undefined ? 'environment' : dotenv.has(name) ? '.env' : undefined;
    values.push({ kind, name, ...(file ?? (from === undefined ? {} : { from })) });
  }
  return values;
}

function namesIn(text: string): (readonly ['secret' | 'variable', string])[] {
  const uncommented = text.replaceAll(/^\s*#.*$/gm, '');
  const found = new Map<string, readonly ['secret' | 'variable', string]>();
  for (const part of parseReferences(uncommented)) {
    if (part.type === 'secret') found.set(`secret ${part.name}`, ['secret', part.name]);
    if (part.type === 'env') found.set(`variable ${part.name}`, ['variable', part.name]);
  }
  return [...found.values()];
}

async function fileOf(directory: string, name: string) {
  try {
    const { mode, size } = await stat(join(directory, 'secrets', name));
    return { from: `secrets/${name}`, mode: (mode & 0o777).toString(8), bytes: size };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
