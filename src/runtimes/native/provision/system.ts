import { basename } from 'node:path';
import type { LeitstandError } from '../../../platform/errors.ts';
import { findExecutable } from '../../../platform/files.ts';
import type { NeededProgram, Program } from '../../../stack/program.ts';
import { provisionErrors } from './errors.ts';
import type { ProvisionContext } from './source.ts';
import { detectVersion, isNamed } from './version.ts';
import { refuseUnwanted } from './wanted.ts';

/** The program on PATH, for `version: system`, or the user's mistake about it. */
export async function takeFromSystem(
  spec: NeededProgram,
  context: ProvisionContext,
): Promise<Program | LeitstandError> {
  const pathList = context.env['PATH'] ?? '';
  const others: string[] = [];
  for (const file of fileNames(spec)) {
    const path = await findExecutable(file, pathList);
    if (path === undefined) continue;
    const detection = await detectVersion(path, context, spec);
    if (detection.failure !== undefined || !isNamed(detection, spec.name)) {
      others.push(`${path}: ${detection.failure ?? `it says that it is ${detection.name}`}`);
      continue;
    }
    if (!detection.version) return unknownVersion(spec, path);
    const program: Program = { name: spec.name, path, version: detection.version, origin: 'system' };
    return refuseUnwanted(spec, program) ?? program;
  }
  return notThere(spec, pathList, others);
}

/** Upstream's name and Debian's: `prometheus-alertmanager`. */
function fileNames({ name, debian, release }: NeededProgram): readonly string[] {
  const packaged = [debian?.path, release?.path].flatMap((path) =>
    path === undefined ? [] : [basename(path)],
  );
  return [...new Set([name, ...packaged])];
}

function notThere(spec: NeededProgram, pathList: string, others: readonly string[]): LeitstandError {
  const package_ = spec.debian?.package;
  const install =
    package_ === undefined ? 'put it there' : `install it (on Debian: apt-get install ${package_})`;
  return provisionErrors.error('LS-PROVISION-006', {
    what: `\`version: system\` wants ${spec.name} from this machine, and there is none on PATH`,
    why: `looked for ${fileNames(spec).join(' and ')} in ${pathList || 'no directory: PATH is empty'}`,
    detail: others,
    fix: `${install}, name its path under provision.paths.${spec.name}, or remove \`version: system\``,
  });
}

function unknownVersion({ name }: NeededProgram, path: string): LeitstandError {
  return provisionErrors.error('LS-PROVISION-004', {
    what: `the version of ${path} (${name}, \`version: system\`) cannot be told`,
    why: 'it prints none, and `go version -m` does not tell it either, or there is no go on PATH',
    fix: `put go on PATH, install an official build of ${name}, or remove \`version: system\``,
  });
}
