import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { LeitstandError } from '../../../platform/errors.ts';
import type { NeededProgram, Program } from '../../../stack/program.ts';
import { provisionErrors } from './errors.ts';
import type { ProvisionContext } from './source.ts';
import { detectVersion, isNamed } from './version.ts';
import { refuseUnwanted } from './wanted.ts';

/** The program at a configured path, or the user's mistake about it. */
export async function takeConfigured(
  spec: NeededProgram,
  path: string,
  context: ProvisionContext,
): Promise<Program | LeitstandError> {
  const problem = await whyUnusable(path);
  if (problem !== undefined) {
    return provisionErrors.error('LS-PROVISION-002', {
      what: `provision.paths.${spec.name} names no executable: ${path}`,
      why: problem,
      fix: `correct the path in leitstand.yaml, or remove the line to let Leitstand provide ${spec.name}`,
    });
  }
  const detection = await detectVersion(path, context, spec);
  if (detection.failure !== undefined || !isNamed(detection, spec.name)) {
    return provisionErrors.error('LS-PROVISION-003', {
      what: `provision.paths.${spec.name} is not a ${spec.name} that runs here: ${path}`,
      why: detection.failure ?? `it says that it is ${detection.name}`,
      fix: `run \`${path} --version\` to see what it is, then correct the path in leitstand.yaml`,
    });
  }
  if (detection.version) {
    const program: Program = { name: spec.name, path, version: detection.version, origin: 'configured' };
    return refuseUnwanted(spec, program) ?? program;
  }
  return provisionErrors.error('LS-PROVISION-004', {
    what: `the version of ${path} (provision.paths.${spec.name}) cannot be told`,
    why: 'it prints none, and `go version -m` does not tell it either, or there is no go on PATH',
    fix: `put go on PATH, name an official build of ${spec.name}, or remove the line to let Leitstand provide it`,
  });
}

async function whyUnusable(path: string): Promise<string | undefined> {
  if (!isAbsolute(path)) return 'the path is not absolute';
  try {
    if (!(await stat(path)).isFile()) return 'it is not a file';
    await access(path, constants.X_OK);
    return undefined;
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'there is no such file',
      EACCES: 'this user may not execute it',
    };
    return reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message;
  }
}
