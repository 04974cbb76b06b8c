import { systemErrorCode } from './errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the connection was broken off',
  ENOTFOUND: 'the name of the host is not known here',
  EAI_AGAIN: 'the name of the host could not be looked up: DNS does not answer',
  EHOSTUNREACH: 'there is no way to the host from here',
  ENETUNREACH: 'there is no way to its network from here',
  EPROTO: 'it does not speak TLS: is it http:// rather than https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: is it http:// rather than https://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS: is it http:// rather than https://?',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name than the one in the URL',
};

/** What OpenSSL says when nobody who is trusted vouches for the certificate. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export function isUntrustedCertificate(error: unknown): boolean {
  return isUntrustedCode(systemErrorCode(error) ?? '');
}

/** `SELF_SIGNED_CERT_IN_CHAIN` and its like. */
export function isUntrustedCode(code: string): boolean {
  return UNTRUSTED.has(code);
}

/** Why an exchange over the network failed, in words; Node's own where nothing better is known. */
export function networkReason(error: unknown): string {
  const code = systemErrorCode(error) ?? '';
  if (UNTRUSTED.has(code))
    return `its certificate is signed by an authority that is not trusted here (${code})`;
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ETIMEDOUT') return `${message || 'no answer in time'}: it hangs, or the network drops it`;
  if (code.startsWith('HPE_'))
    return 'its answer is not HTTP: is it another program, or https:// that is needed?';
  return REASONS[code] ?? (message || code || 'for no reason that it names');
}
