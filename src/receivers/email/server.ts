import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { systemErrorCode } from '../../platform/errors.ts';
import { type HostPort, formatHostPort } from '../../platform/host-port.ts';
import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';

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

/**
 * Whose signature counts: as for Alertmanager, that of the file alone, else those of the system. Rejects with
 * LS-RECEIVER-032 when the file cannot be read.
 */
export async function authorities(server: MailServer): Promise<{ readonly ca?: string[] }> {
  const { caFile, whose } = server;
  if (caFile === undefined) {
    const ofSystem = getCACertificates('system');
    return ofSystem.length === 0 ? {} : { ca: ofSystem };
  }
  try {
    return { ca: [await readFile(caFile, 'utf8')] };
  } catch (error) {
    throw receiverErrors.error('LS-RECEIVER-032', {
      what: `${whose}: the authority of ${serverName(server)} is not known`,
      why: `${caFile} cannot be read (${systemErrorCode(error) ?? 'for no reason that it names'})`,
      fix: 'correct `ca_file`; that of the inbox is made when it first starts: leitstand up',
      cause: error,
    });
  }
}
