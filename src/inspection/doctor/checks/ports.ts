import { isPortFree } from '../../../platform/ports.ts';
import { findPortOwner } from '../../../platform/process-table.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, type WantedPort } from '../check.ts';

export const portsCheck: DoctorCheck = {
  name: 'ports',
  title: 'ports',
  needs: 'stack',
  run: (world) => Promise.all(world.ports.map((wanted) => portLine(wanted, world))),
};

async function portLine(wanted: WantedPort, { ownPids, host }: DoctorWorld): Promise<DoctorLine> {
  const { component, port, setting } = wanted;
  const subject = `${component}, port ${port}`;
  if (await isPortFree(port)) return ok(subject, 'free');
  const owner = await findPortOwner(port);
  if (owner && ownPids.has(owner.pid))
    return ok(subject, `held by this stack: ${owner.name} (pid ${owner.pid})`);
  const elsewhere = `give ${component} another port: ${setting} in leitstand.yaml`;
  if (owner) {
    return fail(subject, `taken by ${owner.name} (pid ${owner.pid})`, {
      wanted: 'free',
      fix: `stop ${owner.name} (kill ${owner.pid}, or its service), or ${elsewhere}`,
    });
  }
  if (port < 1024 && host.uid !== 0) {
    return fail(subject, 'ports below 1024 are for root', { wanted: 'a port from 1024 on', fix: elsewhere });
  }
  return fail(subject, 'taken by a process that cannot be seen: of another user, or in a container', {
    wanted: 'free',
    fix: `find it with \`sudo ss -ltnp 'sport = :${port}'\`, or ${elsewhere}`,
  });
}
