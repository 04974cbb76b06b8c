import type { NeededProgram, ProgramSpec } from '../../../stack/program.ts';
import type { ProgramGroup } from './source.ts';

/** Programs of one Debian package, one release archive or one Go module belong together; order is kept. */
export function groupPrograms(specs: readonly NeededProgram[]): ProgramGroup[] {
  const groups: [NeededProgram, ...NeededProgram[]][] = [];
  for (const spec of specs) {
    const group = groups.find((members) => members.some((member) => belongTogether(member, spec)));
    if (group) group.push(spec);
    else groups.push([spec]);
  }
  return groups;
}

function belongTogether(a: ProgramSpec, b: ProgramSpec): boolean {
  const samePackage = a.debian !== undefined && a.debian.package === b.debian?.package;
  const sameModule = a.go !== undefined && a.go.wrapper === b.go?.wrapper;
  const sameArchive =
    a.release !== undefined && a.release.base === b.release?.base && a.release.archive === b.release.archive;
  return samePackage || sameModule || sameArchive;
}
