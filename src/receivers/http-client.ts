import { isAtLeast, formatVersion, type Version } from '../stack/version.ts';
import { receiverErrors } from './errors.ts';

export interface HttpClientSettings {
  readonly proxy_url?: string | undefined;
  readonly ca_file?: string | undefined;
}

/** Alertmanager's `http_config` as far as it holds no secret; undefined when there is nothing to say. */
export function httpClientConfig({
  proxy_url,
  ca_file,
}: HttpClientSettings): Record<string, unknown> | undefined {
  if (proxy_url === undefined && ca_file === undefined) return undefined;
  return {
    ...(proxy_url === undefined ? {} : { proxy_url }),
    ...(ca_file === undefined ? {} : { tls_config: { ca_file } }),
  };
}

/** Throws LS-RECEIVER-003 when the Alertmanager of the stack is older than a setting. */
export function demandVersion(
  alertmanager: Version,
  since: string,
  { setting, whose, instead }: { readonly setting: string; readonly whose: string; readonly instead: string },
): void {
  if (isAtLeast(alertmanager, since)) return;
  throw receiverErrors.error('LS-RECEIVER-003', {
    what: `${whose}: \`${setting}\` needs Alertmanager ${since}, and the stack has ${formatVersion(alertmanager)}`,
    why: 'an older one refuses the whole configuration',
    fix: `take a newer one (components.alertmanager.version), or ${instead}`,
  });
}
