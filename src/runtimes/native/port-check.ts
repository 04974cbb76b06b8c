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
  const deadline = check.clock.monotonic() + (check.patienceMs ?? 0);
  while (!(await isPortFree(port, host))) {
    const owner = await findPortOwner(port);
    const own = owner !== undefined && check.isOwn(owner.pid);
    if (own && check.patienceMs === undefined) return;
    if (own && check.clock.monotonic() < deadline) {
      await check.clock.sleep(50);
      continue;
    }
    // It may have been let go of between the two looks.
    if (!owner && (await isPortFree(port, host))) return;
    throw portTaken(component, port, owner);
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
