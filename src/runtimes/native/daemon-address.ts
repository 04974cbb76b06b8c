import { z } from 'zod';
import { readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../../platform/process-table.ts';
import { type NativeLayout, stackScope, stackScopes } from './layout.ts';
import { currentBoot } from './process-record.ts';

/** Who serves the stack and where: for callers in another environment, and for when it does not answer. */
export interface DaemonAddress {
  readonly socket: string;
  readonly pid: number;
  /** Clock ticks since boot; with pid and boot it names one process for ever. */
  readonly startTime: string;
  readonly bootId: string;
  /** Of the stack it serves: a copied state directory has the address of another stack's daemon. */
  readonly scope: string;
}

const daemonAddress = z.object({
  socket: z.string(),
  pid: z.int().positive(),
  startTime: z.string(),
  bootId: z.string(),
  scope: z.string(),
}) satisfies z.ZodType<DaemonAddress>;

/** Of this very process. */
export async function writeDaemonAddress(layout: NativeLayout, socket: string): Promise<void> {
  const self = await identifyProcess(process.pid);
  const address: DaemonAddress = {
    socket,
    pid: process.pid,
    startTime: self?.startTime ?? '',
    bootId: await currentBoot(),
    scope: await stackScope(layout.stateDir),
  };
  await writeFileAtomic(layout.daemonAddress, `${JSON.stringify(address)}\n`, { mode: 0o600 });
}

/** Undefined when there is none, or one that is damaged or of another stack: the usual socket is tried then. */
export async function readDaemonAddress(layout: NativeLayout): Promise<DaemonAddress | undefined> {
  const text = await readTextIfExists(layout.daemonAddress);
  if (text === undefined) return undefined;
  try {
    const address = daemonAddress.parse(JSON.parse(text));
    return (await stackScopes(layout.stateDir)).includes(address.scope) ? address : undefined;
  } catch {
    return undefined;
  }
}

/** The process that the address names, if it is that very process and lives. */
export async function findDaemonProcess(layout: NativeLayout): Promise<ProcessIdentity | undefined> {
  const address = await readDaemonAddress(layout);
  if (!address || address.bootId !== (await currentBoot())) return undefined;
  const { pid, startTime } = address;
  return (await isAlive({ pid, startTime })) ? { pid, startTime } : undefined;
}
