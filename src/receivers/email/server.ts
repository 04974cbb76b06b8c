import { type HostPort, formatHostPort } from '../../platform/host-port.ts';
import type { Secret } from '../../stack/secret.ts';
import { authorities } from '../authorities.ts';

export type TlsMode = 'starttls' | 'implicit' | 'none';

/** A server for mails, to send them (SMTP) or to look for them (IMAP). */
export interface MailServer extends HostPort {
  readonly tls: TlsMode;
  /** PEM file; undefined: the authorities of the system. */
  readonly caFile: string | undefined;
  readonly login: MailLogin | undefined;
  /** `receiver on-call, email[0]`, for errors. */
  readonly whose: string;
}

export interface MailLogin {
  readonly username: Secret;
  readonly password: Secret;
}

/** Ports on which TLS is spoken from the first byte on (RFC 8314). */
const TLS_PORTS: ReadonlySet<number> = new Set([465, 993]);

export function tlsMode(wanted: TlsMode | undefined, port: number): TlsMode {
  return wanted ?? (TLS_PORTS.has(port) ? 'implicit' : 'starttls');
}

/** For people: `smtp.example.org:587`. */
export function serverName(server: HostPort): string {
  return formatHostPort(server);
}

/** For Node's TLS. Rejects with LS-RECEIVER-014. */
export async function tlsOptions(server: MailServer): Promise<{ readonly ca?: string }> {
  const ca = await authorities(server.caFile, { whose: server.whose, server: serverName(server) });
  return ca === undefined ? {} : { ca };
}
