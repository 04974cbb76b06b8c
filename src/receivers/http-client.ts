/**
 * Without one, a server that hangs keeps Alertmanager from trying again for as long as `group_interval`. Of Slack and
 * PagerDuty (prometheus/alertmanager CHANGELOG, 0.30), which answer within a second.
 */
export const HTTP_TIMEOUT = { since: '0.30', value: '10s' } as const;

export interface HttpClientSettings {
  readonly proxy_url?: string | undefined;
  readonly ca_file?: string | undefined;
}

/**
 * Alertmanager's `http_config` as far as it holds no secret. Of its own accord it follows a redirect by a GET without the
 * message, and takes the login page that it finds there, with status 200, for success: the alert is lost, and nobody
 * told. With 307 and 308 the message goes to whomever the redirect names.
 */
export function httpClientConfig({ proxy_url, ca_file }: HttpClientSettings): Record<string, unknown> {
  return {
    follow_redirects: false,
    ...(proxy_url === undefined ? {} : { proxy_url }),
    ...(ca_file === undefined ? {} : { tls_config: { ca_file } }),
  };
}
