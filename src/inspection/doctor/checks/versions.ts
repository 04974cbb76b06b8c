import { LeitstandError } from '../../../platform/errors.ts';
import { groupPrograms } from '../../../runtimes/native/provision/groups.ts';
import { lookInCache } from '../../../runtimes/native/provision/cache.ts';
import { takeConfigured } from '../../../runtimes/native/provision/configured.ts';
import type { Program, NeededProgram } from '../../../stack/program.ts';
import type { Stack } from '../../../stack/stack.ts';
import { formatVersion, isAtLeast, parseVersion } from '../../../stack/version.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, unknown } from '../check.ts';

/** What Node 24 is built for. Source: nodejs/node BUILDING.md, platform list. */
const MINIMUM_KERNEL = '4.18';

export const versionsCheck: DoctorCheck = {
  name: 'versions',
  title: 'versions',
  needs: 'host',
  run: async (world) => {
    const { node, minimumNode, kernel } = world.host;
    return [
      versionLine('Node', node, minimumNode, `install Node ${minimumNode} or newer`),
      versionLine('Linux', kernel, MINIMUM_KERNEL, 'update the operating system'),
      ...(world.stack?.runtime === 'native' ? await programLines(world, world.stack) : []),
    ];
  },
};

function versionLine(subject: string, found: string, minimum: string, fix: string): DoctorLine {
  const version = parseVersion(found);
  if (!version) return unknown(subject, `its version cannot be told from ${found}`, { matters: false });
  return isAtLeast(version, minimum)
    ? ok(subject, found)
    : fail(subject, found, { wanted: `${minimum} or newer`, fix });
}

function programLines(world: DoctorWorld, stack: Stack): Promise<DoctorLine[]> {
  const configured = world.programs.filter(({ name }) => stack.provision.paths[name] !== undefined);
  const others = world.programs.filter((spec) => !configured.includes(spec));
  return Promise.all([
    ...configured.map((spec) => configuredLine(world, stack, spec)),
    ...groupPrograms(others).map((group) => cachedLine(stack, group)),
  ]);
}

async function configuredLine(world: DoctorWorld, stack: Stack, spec: NeededProgram): Promise<DoctorLine> {
  const { run, env, clock, signal } = world;
  const taken = await takeConfigured(spec, stack.provision.paths[spec.name] ?? '', {
    provisioning: stack.provision,
    run,
    env,
    clock,
    signal,
    onProgress: () => undefined,
  });
  if (!(taken instanceof LeitstandError)) return programLine(spec, taken);
  const { what, why, fix } = taken.details;
  return fail(spec.name, why === undefined ? what : `${what}: ${why}`, {
    fix: fix ?? 'correct provision.paths',
  });
}

/** What is not there yet is fetched by `up`: nothing is downloaded to find out whether it could be. */
async function cachedLine(
  stack: Stack,
  group: readonly [NeededProgram, ...NeededProgram[]],
): Promise<DoctorLine> {
  const [spec] = group;
  const { sources, cacheDir } = stack.provision;
  const origins = sources.filter((source) => source !== 'cache');
  if (spec.wanted === 'system') {
    return unknown(spec.name, 'the one on PATH is looked at by `leitstand plan`', { matters: false });
  }
  const answer = await lookInCache(cacheDir, group, { origins });
  if (!('programs' in answer)) {
    return unknown(spec.name, `not on this machine yet: ${answer.refused}`, {
      matters: false,
      fix: '`leitstand plan` gets it, and says so when it cannot',
    });
  }
  const [program] = answer.programs;
  return program
    ? programLine(spec, program)
    : unknown(spec.name, 'not told by the cache', { matters: true });
}

function programLine(spec: NeededProgram, { version, origin, path }: Program): DoctorLine {
  const found = `${formatVersion(version)} (${origin}, ${path})`;
  if (spec.minimum === undefined || isAtLeast(version, spec.minimum)) return ok(spec.name, found);
  return fail(spec.name, found, {
    wanted: `${spec.minimum} or newer`,
    fix: `take a newer ${spec.name}: remove provision.paths.${spec.name}, or name another one there`,
  });
}
