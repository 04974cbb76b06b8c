import type { AttachedAlerting } from '../delivery/attached/alerting.ts';
import type { StackStatus } from '../deployment/status.ts';
import { LeitstandError } from '../platform/errors.ts';
import { EXIT, type ExitCode } from '../platform/exit-codes.ts';
import { shownUrl } from '../stack/connection.ts';
import type { ExpectedProof } from '../stack/proof.ts';
import type { Session } from './session.ts';

/**
 * Whom the attached Alertmanager tells, after its own configuration; undefined when none is attached. Rejects with
 * LS-ALERTMANAGER errors when it cannot be asked.
 */
export async function askAttachedAlerting(
  { stack, runtime }: Pick<Session, 'stack' | 'runtime'>,
  signal?: AbortSignal,
): Promise<AttachedAlerting | undefined> {
  if (!stack.components.some(({ name }) => name === 'alertmanager')) return undefined;
  const [{ createAlertmanagerApi }, { attachedAlerting }] = await Promise.all([
    import('../components/alertmanager/api.ts'),
    import('../delivery/attached/alerting.ts'),
  ]);
  const { config } = await createAlertmanagerApi(runtime.connection('alertmanager', 0), signal).status();
  return attachedAlerting(config);
}

/** What has to be proven, as far as it is known now: the receivers of an attached Alertmanager are its own to name. */
export async function expectedNow(session: Session, signal: AbortSignal): Promise<readonly ExpectedProof[]> {
  if (session.stack.runtime === 'native') return session.expectedProofs;
  const kind = 'alert-delivery';
  try {
    const alerting = await askAttachedAlerting(session, signal);
    const deliveries = (alerting?.receivers ?? []).map((subject) => ({
      kind,
      subject,
      fingerprint: alerting?.fingerprint(subject),
    }));
    return [...deliveries, ...session.expectedProofs];
  } catch (error) {
    if (!(error instanceof LeitstandError)) throw error;
    const unknown = `its receivers are not known: ${error.details.what}`;
    return [{ kind, subject: 'alertmanager', unknown }, ...session.expectedProofs];
  }
}

/** Rejects with LS-EXTERNAL errors when the program cannot be asked. */
export async function requireAttached(
  { runtime }: Pick<Session, 'runtime'>,
  component: string,
): Promise<void> {
  const { askVersion } = await import('../runtimes/external/probe.ts');
  const address = runtime.connection(component, 0);
  if (typeof address === 'string') throw new TypeError(`not attached: ${shownUrl(address)}`);
  await askVersion(component, address);
}

/**
 * Throws LS-EXTERNAL-002 where nothing but Leitstand's own records could be backed up or drilled, or not the one that is
 * `asked` for: only on request is that enough. Returns the components that are left out.
 */
export function requireSomeData(
  { stack, runtime, components }: Session,
  asked: string | undefined,
): string[] {
  const keepers = stack.components.filter(({ name, config }) => components.get(name)?.source?.(config));
  const left = keepers.filter(({ attached }) => attached?.dataDir === undefined).map(({ name }) => name);
  const missing =
    asked === undefined ? left.length === keepers.length && left[0] : left.includes(asked) && asked;
  if (typeof missing === 'string') runtime.dataDir(missing);
  return asked === undefined ? left : [];
}

/** What could not be asked outranks what is wrong: the answer would be different if it could be asked. */
export function attachedExit({ components, healthy }: StackStatus): ExitCode {
  if (components.some(({ code }) => code === 'LS-EXTERNAL-004')) return EXIT.authentication;
  if (components.some(({ state }) => state === 'unknown')) return EXIT.couldNotCheck;
  return healthy ? EXIT.ok : EXIT.no;
}
