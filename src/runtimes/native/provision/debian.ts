import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory, unfinishedName } from '../../../platform/files.ts';
import type { NeededProgram, Program } from '../../../stack/program.ts';
import { formatVersion, isAtLeast, parseVersion, type Version } from '../../../stack/version.ts';
import { type Apt, openApt } from './apt.ts';
import { programDir, publish } from './cache-entry.ts';
import { withLock } from './program-lock.ts';
import { namesOf, type ProgramGroup, type ProvisionContext, SourceRefused } from './source.ts';
import { detectVersion, isNamed } from './version.ts';
import { currentVersion, whyUnwanted } from './wanted.ts';

/**
 * Debian's packages, downloaded and unpacked into the cache; nothing is installed. One download for all programs of
 * a package. The caller holds the programs' locks. Rejects with `SourceRefused` when it has none for us.
 */
export async function takeFromDebian(
  group: ProgramGroup,
  context: ProvisionContext,
): Promise<readonly Program[]> {
  const packages = new Set(group.map((spec) => spec.debian?.package));
  if (packages.has(undefined)) throw new SourceRefused(`Debian has no package of ${namesOf(group)}`);
  const apt = await openApt(join(context.provisioning.cacheDir, 'apt'), context);
  const scratch = unfinishedName(join(programDir(context.provisioning.cacheDir, group[0].name), 'package'));
  await ensureDirectory(scratch, 0o755);
  try {
    const programs: Program[] = [];
    for (const name of packages as Set<string>) {
      const members = group.filter((spec) => spec.debian?.package === name);
      programs.push(...(await takePackage(name, members, { apt, scratch, context })));
    }
    return programs;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Work {
  readonly apt: Apt;
  readonly scratch: string;
  readonly context: ProvisionContext;
}

async function takePackage(name: string, members: readonly NeededProgram[], work: Work): Promise<Program[]> {
  const { apt, context } = work;
  const directory = await mkdtemp(join(work.scratch, 'deb-'));
  context.onProgress({ type: 'step', text: `Debian's package ${name}: downloading` });
  const file = await withLock('apt', context, () => apt.download(name, directory));
  const root = join(directory, 'root');
  const packageVersion = await apt.unpack(file, root);
  const unpacked = [];
  for (const spec of members) {
    const executable = join(root, spec.debian?.path ?? '');
    unpacked.push({ spec, executable, version: await examine(spec, executable, packageVersion, context) });
  }
  const programs: Program[] = [];
  const [main] = unpacked;
  if (main) warnWhenOlder(main.spec, main.version, context);
  for (const { spec, executable, version } of unpacked) {
    const data = spec.debian?.data;
    const path = await publish(
      context.provisioning.cacheDir,
      executable,
      {
        name: spec.name,
        version: formatVersion(version),
        origin: 'debian',
        from: `${name} ${packageVersion}`,
      },
      data === undefined ? undefined : { data, root },
    );
    programs.push({ name: spec.name, path, version, origin: 'debian' });
  }
  return programs;
}

async function examine(
  spec: NeededProgram,
  executable: string,
  packageVersion: string,
  context: ProvisionContext,
): Promise<Version> {
  if (!(await stat(executable).catch(() => undefined))?.isFile())
    throw new SourceRefused(`the package (${packageVersion}) does not hold ${spec.debian?.path}`);
  const detection = await detectVersion(executable, context, spec);
  if (detection.failure !== undefined) throw new SourceRefused(`${spec.name}: ${detection.failure}`);
  if (!isNamed(detection, spec.name))
    throw new SourceRefused(`the package's ${spec.debian?.path} says that it is ${detection.name}`);
  const version = detection.version ?? upstreamVersion(packageVersion);
  if (!version) throw new SourceRefused(`the version of ${spec.name} cannot be told from ${packageVersion}`);
  const unwanted = whyUnwanted(spec, version);
  if (unwanted !== undefined) throw new SourceRefused(`the package has ${unwanted}`);
  return version;
}

/** The upstream part of `[epoch:]upstream[-revision]`: `2:2.42.0+ds-5+deb12u1` is 2.42.0. Source: deb-version(7). */
export function upstreamVersion(packageVersion: string): Version | undefined {
  return parseVersion(packageVersion.replace(/^\d+:/, ''));
}

function warnWhenOlder(spec: NeededProgram, version: Version, { onProgress }: ProvisionContext): void {
  const current = currentVersion(spec);
  if (spec.wanted !== undefined || current === undefined || isAtLeast(version, current)) return;
  const text = `${spec.name} ${formatVersion(version)} from Debian's package: older than ${current}`;
  onProgress({ type: 'warning', text });
}
