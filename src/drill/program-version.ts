import type { SnapshotRecord } from '../repository/records.ts';
import type { Program } from '../stack/program.ts';
import { formatVersion, parseVersion } from '../stack/version.ts';
import { drillErrors } from './errors.ts';

/**
 * Throws LS-DRILL-006 when the program is older than the one that wrote the data: what it cannot read says nothing
 * about the backup. Patch versions read each other's data; a build that does not say its version is believed.
 */
export function assertNotOlder({ writer, source }: SnapshotRecord, program: Program | undefined): void {
  const wrote = parseVersion(writer.version);
  if (!wrote || !program) return;
  const { version } = program;
  if ((version.major - wrote.major || version.minor - wrote.minor) >= 0) return;
  throw drillErrors.error('LS-DRILL-006', {
    what: `the drill of ${source} would use an older program than the one that wrote the data`,
    why: `${writer.program} ${writer.version} wrote it, and here is ${formatVersion(version)} (${program.origin})`,
    fix: `have ${formatVersion(wrote)} or newer: \`provision: {paths: {${program.name}: /full/path}}\`, or another order of \`provision: {sources: […]}\``,
  });
}
