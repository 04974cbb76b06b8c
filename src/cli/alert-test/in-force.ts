import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InForce } from '../../delivery/in-force.ts';
import { readDesired } from '../../runtimes/native/desired.ts';
import { nativeLayout } from '../../runtimes/native/layout.ts';
import type { Session } from '../session.ts';

/** What the last `leitstand up` gave to Alertmanager, as far as this user may look. */
export async function lastApplied({ stack, runtime }: Session): Promise<InForce> {
  const desired = await readDesired(nativeLayout(stack.stateDir));
  const file = join(runtime.place('alertmanager').config, 'alertmanager.yml');
  return {
    // It may be private, since this version of Alertmanager cannot read all secrets from files.
    file: await readFile(file, 'utf8').catch(() => undefined),
    fingerprints: new Map(
      (desired?.daemon?.expected ?? []).flatMap(({ kind, subject, fingerprint }) =>
        kind === 'alert-delivery' && fingerprint !== undefined ? [[subject, fingerprint] as const] : [],
      ),
    ),
  };
}
