import { join } from 'node:path';
import type { LeitstandError } from '../platform/errors.ts';
import type { Session } from './session.ts';

/** Tells whoever Prometheus asks how the backups stand; after every attempt, failed ones too. */
export async function publishMetrics(
  { stack, runtime, components, sources }: Session,
  signal: AbortSignal,
): Promise<readonly LeitstandError[]> {
  const [{ publishBackupMetrics }, { readProofs }] = await Promise.all([
    import('../backup/metrics/publish.ts'),
    import('../history/proof-reading.ts'),
  ]);
  const claims = sources.map(({ component: subject }) => ({ kind: 'backup', subject }));
  const readings = readProofs(join(stack.stateDir, 'leitstand.db'), claims).map((reading, i) => ({
    source: claims[i]?.subject ?? '',
    ...reading,
  }));
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
    signal,
  });
}
