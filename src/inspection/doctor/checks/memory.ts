import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { residentBytes } from '../../../platform/process-table.ts';
import { formatSize, parseSize } from '../../../platform/units.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, unknown, warn } from '../check.ts';

export const memoryCheck: DoctorCheck = {
  name: 'memory',
  title: 'memory',
  needs: 'stack',
  run: async (world) => {
    if (world.stack?.runtime !== 'native') return [];
    const memory = await readMemory();
    if (!memory) return [unknown('memory', '/proc/meminfo cannot be read', { matters: true })];
    return [limitLine(world, memory, await ownBytes(world)), ...unlimitedLines(world), swapLine(memory)];
  },
};

interface Memory {
  /** Of the machine, or of the control group that we are in where that is less. */
  readonly total: number;
  readonly available: number;
  readonly swap: number;
  readonly isGroupLimit: boolean;
}

/** Source: proc(5), /proc/meminfo; cgroups(7) for the limits of version 2. */
async function readMemory(): Promise<Memory | undefined> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const bytes = (key: string) => {
    const kib = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  };
  const [total, available] = [bytes('MemTotal'), bytes('MemAvailable')];
  if (total === undefined || available === undefined) return undefined;
  const group = await groupLimit();
  const isGroupLimit = group !== undefined && group < total;
  return {
    total: isGroupLimit ? group : total,
    available: isGroupLimit ? Math.min(available, group) : available,
    swap: bytes('SwapTotal') ?? 0,
    isGroupLimit,
  };
}

/** The least `memory.max` from our own group up to the root; undefined without one. */
async function groupLimit(): Promise<number | undefined> {
  const own = /^0::(\/.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8').catch(() => ''))?.[1];
  if (own === undefined) return undefined;
  const limits: number[] = [];
  for (const path of ['/', ...own.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))]) {
    const text = await readFile(join('/sys/fs/cgroup', path, 'memory.max'), 'utf8').catch(() => 'max');
    const limit = Number(text.trim());
    if (Number.isFinite(limit) && text.trim() !== '') limits.push(limit);
  }
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** What the stack holds already is not missing. */
async function ownBytes({ ownPids }: DoctorWorld): Promise<number> {
  const all = await Promise.all([...ownPids].map((pid) => residentBytes(pid)));
  return all.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
}

function limitsOf({ stack }: DoctorWorld): { readonly name: string; readonly bytes: number | undefined }[] {
  return (stack?.components ?? []).map(({ name, config }) => {
    const { memory } = config as { readonly memory?: string };
    return { name, bytes: memory === undefined ? undefined : parseSize(memory) };
  });
}

function limitLine(world: DoctorWorld, memory: Memory, own: number): DoctorLine {
  const sum = limitsOf(world).reduce((total, { bytes }) => total + (bytes ?? 0), 0);
  const where = memory.isGroupLimit ? 'its control group allows' : 'the machine has';
  const found = `${where} ${formatSize(memory.total)}, ${formatSize(memory.available)} are available`;
  if (sum === 0) return ok('memory', found);
  const told = `limits add up to ${formatSize(sum)}; ${found}`;
  const fix = 'lower `memory` of components in leitstand.yaml, or give the machine more';
  if (sum > memory.total)
    return fail('memory limits', told, { wanted: 'limits that fit into the memory', fix });
  return sum > memory.available + own
    ? warn('memory limits', told, { wanted: 'room for what may still be used', fix })
    : ok('memory limits', told);
}

function unlimitedLines(world: DoctorWorld): DoctorLine[] {
  if (world.stack?.environment === 'local') return [];
  const without = limitsOf(world).filter(({ bytes }) => bytes === undefined);
  if (without.length === 0) return [];
  return [
    warn('memory limits', `none for ${without.map(({ name }) => name).join(', ')}`, {
      wanted: 'a limit for each program, so that one cannot take it all',
      fix: 'set `memory: 1GiB` or the like for them in leitstand.yaml',
    }),
  ];
}

function swapLine({ swap }: Memory): DoctorLine {
  return ok('swap', swap === 0 ? 'none' : formatSize(swap));
}
