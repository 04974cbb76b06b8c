import { relative } from 'node:path';
import type { Finding } from '../../src/inspection/finding.ts';
import { inspect } from '../../src/inspection/inspect.ts';
import type { Inspected } from '../../src/inspection/model.ts';
import { readDirectory } from '../../src/inspection/read/directory.ts';
import { fileLookup } from '../../src/inspection/read/file-lookup.ts';
import { type ModelInput, readModel } from '../../src/inspection/read/read-model.ts';

export const TODAY = '2026-11-24';

/** The model of files that are given as texts, by name. */
export function modelOf(texts: Readonly<Record<string, string>>, rest: Partial<ModelInput> = {}): Inspected {
  const files = Object.entries(texts).map(([file, text]) => ({ file, text }));
  return readModel({ origin: 'files', files, fileExists: fileLookup(Object.keys(texts), ['.']), ...rest });
}

export async function modelOfDirectory(
  directory: string,
  rest: Partial<ModelInput> = {},
): Promise<Inspected> {
  const { files, names } = await readDirectory(directory, (path) => relative(directory, path));
  return readModel({ origin: 'files', files, fileExists: fileLookup(names, ['.']), ...rest });
}

export function findingsOf(model: Inspected): readonly Finding[] {
  return inspect({ model, waivers: [], today: TODAY }).findings;
}

export function outlineOf(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ code, severity, subject, where }) => `${where.file}:${where.line} ${severity} ${code} ${subject}`,
  );
}
