import type { Connection } from '../../stack/connection.ts';
import type { Runtime } from '../../stack/runtime.ts';
import type { Stack } from '../../stack/stack.ts';
import { connectionOf } from './connections.ts';
import { dataDirectoryOf } from './data-directory.ts';
import { externalErrors } from './errors.ts';
import { probeAttached } from './probe.ts';

export interface ExternalRuntimeOptions {
  readonly stack: Pick<Stack, 'name' | 'components'>;
  /** A drill's twin runs on this machine: how is the composition's to say. */
  readonly twins: Pick<Runtime, 'twinPlace' | 'startTwin'>;
}

/**
 * Programs that somebody else runs: looked at, never touched. Whatever would change them is refused with
 * LS-EXTERNAL-001. Rejects with LS-EXTERNAL-007 when the settings of one cannot be used.
 */
export async function openExternalRuntime({ stack, twins }: ExternalRuntimeOptions): Promise<Runtime> {
  const attached = new Map(
    stack.components.flatMap(({ name, attached: place }) => (place ? [[name, place] as const] : [])),
  );
  const connections = new Map<string, Connection>();
  for (const [name, place] of attached) connections.set(name, await connectionOf(name, place));
  const connection = (component: string): Connection => {
    const known = connections.get(component);
    if (known) return known;
    throw new TypeError(`${component} is not attached`);
  };
  const refuse = (deed: string) => refusal(`the stack ${stack.name} cannot be ${deed} by Leitstand`);
  const noLogs = `the logs of the stack ${stack.name} are where its operator keeps them`;
  return {
    name: 'external',
    place: () => {
      throw refuse('rendered');
    },
    launched: async () => undefined,
    preview: () => Promise.reject(refuse('planned')),
    assertStartable: () => Promise.reject(refuse('started')),
    apply: () => Promise.reject(refuse('started')),
    stop: () => Promise.reject(refuse('stopped')),
    inboxStatus: async () => undefined,
    status: () => Promise.all([...connections].map(([name, place]) => probeAttached(name, place))),
    supervision: async () => ({
      supervised: 'elsewhere',
      reason: 'somebody else runs the programs; whether they are restarted is theirs to know',
    }),
    url: (component) => connection(component).url,
    connection,
    dataDir: (component) => dataDirectoryOf(component, attached.get(component)),
    logTail: () => Promise.reject(refusal(noLogs)),
    logs: () => {
      throw refusal(noLogs);
    },
    twinPlace: twins.twinPlace,
    startTwin: twins.startTwin,
  };
}

/** For commands that would change the stack, before they do anything at all. `what`: one sentence that says so. */
export function refusal(what: string) {
  return externalErrors.error('LS-EXTERNAL-001', {
    what,
    why: 'its programs are under `attach:`: somebody else runs them, and what is attached is never changed',
    fix: 'what works: leitstand status, check, doctor, alert test, backup, drill; the rest is for who runs it',
  });
}
