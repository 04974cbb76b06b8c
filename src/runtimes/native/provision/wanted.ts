import type { LeitstandError } from '../../../platform/errors.ts';
import type { NeededProgram, Program, ProgramSpec } from '../../../stack/program.ts';
import { formatVersion, isAtLeast, parseVersion, type Version } from '../../../stack/version.ts';
import { provisionErrors } from './errors.ts';

/** What `version: system` asks for. */
export const SYSTEM = 'system';

/** A whole version, as opposed to `system` or none. */
export function isVersionNumber(wanted: string | undefined): wanted is string {
  return wanted !== undefined && wanted !== SYSTEM;
}

/** The version that Leitstand takes where it may choose. */
export function currentVersion(spec: ProgramSpec): string | undefined {
  return spec.release?.version ?? spec.go?.version;
}

/** Why this version will not do, beginning with the program; undefined when it will. */
export function whyUnwanted(spec: NeededProgram, version: Version): string | undefined {
  const found = `${spec.name} ${formatVersion(version)}`;
  if (isVersionNumber(spec.wanted) && spec.wanted !== formatVersion(version))
    return `${found}, the stack wants ${spec.wanted}`;
  if (spec.minimum !== undefined && !isAtLeast(version, spec.minimum))
    return `${found}, Leitstand needs ${spec.minimum} or newer`;
  return undefined;
}

/** The user's mistake about a program that is there, named by path or on PATH; undefined when it will do. */
export function refuseUnwanted(spec: NeededProgram, program: Program): LeitstandError | undefined {
  const { name, path, version } = program;
  const why = whyUnwanted(spec, version);
  if (why === undefined) return undefined;
  const isOther = isVersionNumber(spec.wanted) && spec.wanted !== formatVersion(version);
  const line = `provision.paths.${name}`;
  if (isOther) {
    return provisionErrors.error('LS-PROVISION-010', {
      what: `${path} (${line}) is ${why}`,
      why: 'a configured path and a `version` that differ cannot both be meant',
      fix: `remove one of them from leitstand.yaml, or name another executable under ${line}`,
    });
  }
  const instead = currentVersion(spec);
  const provided = `let Leitstand provide ${name}${instead === undefined ? '' : ` ${instead}`}`;
  return provisionErrors.error('LS-PROVISION-007', {
    what: `${path} is ${why}`,
    why: 'what Leitstand renders is not understood by older versions',
    fix:
      program.origin === 'configured'
        ? `name a newer one under ${line}, or remove the line to ${provided}`
        : `install a newer one, or remove \`version: system\` to ${provided}`,
  });
}

/** A number in the file that no source can give; undefined when it is fine. */
export function refuseWish({ name, wanted, minimum }: NeededProgram): LeitstandError | undefined {
  if (!isVersionNumber(wanted) || minimum === undefined) return undefined;
  const version = parseVersion(wanted);
  if (version && isAtLeast(version, minimum)) return undefined;
  return provisionErrors.error('LS-PROVISION-007', {
    what: `the stack wants ${name} ${wanted}, Leitstand needs ${minimum} or newer`,
    why: 'what Leitstand renders is not understood by older versions',
    fix: `write a newer \`version\` in leitstand.yaml, or none`,
  });
}
