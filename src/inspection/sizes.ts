import { parseSize } from '../platform/units.ts';
import type { Where } from '../platform/errors.ts';
import type { Inspected } from './model.ts';
import { servicesRunning } from './mounts.ts';

export interface ConfiguredSize {
  readonly name: string;
  /** Undefined: the setting is known not to be set. */
  readonly bytes: number | undefined;
  readonly where: Where;
}

/** Prometheus' `--storage.tsdb.retention.size`; undefined where nothing is known about how it is started. */
export function retentionSize(model: Inspected): ConfiguredSize | undefined {
  const name = 'the retention size of Prometheus';
  const [service] = servicesRunning(model, 'prometheus');
  if (service === undefined) return undefined;
  const position = service.args.findIndex((arg) => arg.startsWith('--storage.tsdb.retention.size'));
  if (position === -1) return { name, bytes: undefined, where: service.where };
  const flag = service.args[position] ?? '';
  const text = flag.includes('=') ? flag.slice(flag.indexOf('=') + 1) : (service.args[position + 1] ?? '');
  const bytes = prometheusSize(text.replaceAll(/["']/g, ''));
  return bytes === undefined ? undefined : { name, bytes, where: service.where };
}

/** Prometheus counts `5GB` in powers of 1024 (alecthomas/units, Base2Bytes). */
function prometheusSize(text: string): number | undefined {
  return parseSize(text.replace(/^(\d+(?:\.\d+)?)([KMGT])i?B$/, '$1$2iB'));
}
