import { isIP } from 'node:net';

export interface HostPort {
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

const FORM = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)):(\d{1,5})$/;

/** `smtp.example.org:587`, `[::1]:25`; undefined for everything else. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, address, name, digits] = FORM.exec(text) ?? [];
  const host = address ?? name;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return address !== undefined && isIP(address) !== 6 ? undefined : { host, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** The names of this machine that Go's net/smtp takes for it, too (isLocalhost in auth.go there). */
export function isOwnMachine({ host }: HostPort): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1';
}
