import { hostname, networkInterfaces } from 'node:os';
import { isIPv6 } from 'node:net';
import type { SandboxEndpoint } from '../../stack/sandbox.ts';
import { table } from '../terminal.ts';

/** Where Alertmanager's file takes the address, by its name of the integration. */
const SETTINGS: Readonly<Record<string, string>> = {
  slack: 'slack_configs: api_url',
  webhook: 'webhook_configs: url',
  pagerduty: 'pagerduty_configs: url',
  email: 'email_configs: smarthost',
};

export interface InboxPlace {
  /** As it was asked for. */
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
}

/** What to write into Alertmanager's file for each endpoint. */
export function placesText(endpoints: readonly SandboxEndpoint[], place: InboxPlace): string {
  const hostPort = `${hostOf(place.host)}:${place.port}`;
  const rows = endpoints.map(({ type, protocol, example }) => {
    const setting = SETTINGS[type] ?? type;
    return protocol === 'http'
      ? [setting, `http://${hostPort}${example}`]
      : [setting, `${hostPort}   with tls_config: {ca_file: ${place.caFile}}`];
  });
  return table(rows.map(([setting = '', address = '']) => [`  ${setting}:`, address]));
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Under which others reach it: Docker's name for the host is among them. */
export function namesOf(host: string): readonly string[] {
  if (isLoopback(host)) return [];
  if (!isWildcard(host)) return [host];
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all);
  return [
    hostname(),
    'host.docker.internal',
    ...addresses.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  ];
}

function hostOf(host: string): string {
  const shown = isWildcard(host) ? hostname() : host;
  return isIPv6(shown) ? `[${shown}]` : shown;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
