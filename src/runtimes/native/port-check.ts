import type { Clock } from '../../platform/clock.ts';
import { isPortFree } from '../../platform/ports.ts';
import { findPortOwner } from '../../platform/process-table.ts';
import { type DesiredComponent, portsOf } from './desired.ts';
import { runtimeErrors } from './errors.ts';

export interface PortCheck {
  readonly clock: Clock;
  /** Whether a process belongs to this stack: it will let go of a port it must give up. */
  isOwn(pid: number): boolean;
  /** Milliseconds to wait for a process of this stack to let go of the port; absent: held by it is as good as free. */
  readonly patienceMs?: number;
}

/** A process that ends has lost its name already, and its ports a moment later. */
const ENDING_MS = 1_000;

/** Throws LS-RUNTIME-001 when a port is held by a process that is not of this stack, or is not let go of. */
export async function requireFreePorts(wanted: DesiredComponent, check: PortCheck): Promise<void> {
  const host = new URL(wanted.ready.url).hostname.replace(/^\[(.*)\]$/, '$1');
  for (const port of portsOf(wanted)) await requireFreePort(wanted.component, host, port, check);
}

async function requireFreePort(
  component: string,
  host: string,
  port: number,
  check: PortCheck,
): Promise<void> {
  const begun = check.clock.monotonic();
  while (!(await isPortFree(port, host))) {
    const owner = await findPortOwner(port);
    const isOwn = owner !== undefined && check.isOwn(owner.pid);
    if (isOwn && check.patienceMs === undefined) return;
    const otherwise = owner ? 0 : ENDING_MS;
    const patienceMs = isOwn ? (check.patienceMs ?? 0) : otherwise;
    if (check.clock.monotonic() - begun >= patienceMs) throw portTaken(component, port, owner);
    await check.clock.sleep(50);
  }
}

function portTaken(component: string, port: number, owner: { pid: number; name: string } | undefined) {
  return runtimeErrors.error('LS-RUNTIME-001', {
    what: `${component} needs port ${port}, which is taken by ${owner ? `${owner.name} (pid ${owner.pid})` : 'a process that cannot be seen from here'}`,
    ...(owner ? {} : { why: 'it belongs to another user, or to a container' }),
    fix: owner
      ? `stop ${owner.name} (kill ${owner.pid}, or its service), or give ${component} another port in leitstand.yaml; then \`leitstand up\``
      : `find it with \`sudo ss -ltnp 'sport = :${port}'\`, or give ${component} another port in leitstand.yaml; then \`leitstand up\``,
  });
}
