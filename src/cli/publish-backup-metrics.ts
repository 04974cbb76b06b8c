import { join } from 'node:path';
import { VERIFY_SUBJECT } from '../backup/verify-proof.ts';
import type { LeitstandError } from '../platform/errors.ts';
import type { CommandContext } from './command.ts';
import type { Session } from './session.ts';

/** Tells whoever Prometheus asks how the backups and the repository stand; after every attempt, failed ones too. */
export async function publishMetrics(
  { stack, runtime, components, sources }: Session,
  { clock, signal }: Pick<CommandContext, 'clock' | 'signal'>,
): Promise<readonly LeitstandError[]> {
  const [{ publishBackupMetrics }, { repositoryFamilies }, { readProofs }] = await Promise.all([
    import('../backup/metrics/publish.ts'),
    import('../backup/metrics/repository-families.ts'),
    import('../history/proof-reading.ts'),
  ]);
  const claims = sources.map(({ component: subject }) => ({ kind: 'backup', subject }));
  const [verified, ...proofs] = readProofs(join(stack.stateDir, 'leitstand.db'), [
    { kind: 'verify', subject: VERIFY_SUBJECT },
    ...claims,
  ]);
  const readings = proofs.map((reading, i) => ({ source: claims[i]?.subject ?? '', ...reading }));
  const { metrics } = stack.backup;
  const gateway = stack.components.find(({ name }) => name === 'pushgateway');
  const wantsPush = gateway !== undefined && (metrics.push ?? gateway.attached === undefined);
  const offer = gateway && components.get('pushgateway')?.offers(gateway.config, stack);
  const port = offer?.endpoints.find(({ kind }) => kind === 'pushgateway-api')?.port ?? 0;
  const exporter = stack.components.find(({ name }) => name === 'node-exporter')?.config;
  const { textfile_dir: textfileDir } = (exporter ?? {}) as { readonly textfile_dir?: string };
  return publishBackupMetrics(readings, {
    prefix: metrics.prefix,
    service: metrics.service,
    pushgateway: wantsPush ? runtime.connection('pushgateway', port) : undefined,
    textfileDir,
    further: verified && repositoryFamilies(verified, clock.now()),
    signal,
  });
}
