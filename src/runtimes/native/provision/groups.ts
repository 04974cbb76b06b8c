import type { ProgramSpec } from '../../../stack/program.ts';
import type { ProgramGroup } from './source.ts';

/** Programs of one Debian package or one Go module belong together; order is kept. */
export function groupPrograms(specs: readonly ProgramSpec[]): ProgramGroup[] {
  const groups: [ProgramSpec, ...ProgramSpec[]][] = [];
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
  return samePackage || sameModule;
}
