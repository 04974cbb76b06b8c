import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';

/** Key and certificate, both PEM. */
export interface Identity {
  readonly key: string;
  readonly certificate: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly now: Date;
  readonly days: number;
}

export interface ServerCertificateRequest extends CertificateRequest {
  /** Host names and IP addresses for which it is valid. */
  readonly names: readonly string[];
}

const DAY_MS = 86_400_000;
/** A client whose clock is a little late must not find it invalid. */
const BACKDATED_MS = DAY_MS;
const makeKeyPair = promisify(generateKeyPair);

/** An authority that signs for this one inbox. */
export function createAuthority(request: CertificateRequest): Promise<Identity> {
  return create(request, undefined, [
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
}

/** A server's certificate; without an authority nobody has signed it but itself. */
export function createServerIdentity(
  request: ServerCertificateRequest,
  authority?: Identity,
): Promise<Identity> {
  return create(request, authority, [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: request.names.map(altName) },
    { name: 'subjectKeyIdentifier' },
  ]);
}

/** RFC 5280, 4.2.1.6: 2 is a DNS name, 7 an IP address. */
function altName(name: string): object {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}

async function create(
  { commonName, now, days }: CertificateRequest,
  authority: Identity | undefined,
  extensions: object[],
): Promise<Identity> {
  const [{ default: forge }, { privateKey, publicKey }] = await Promise.all([
    import('node-forge'),
    makeKeyPair('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }),
  ]);
  const { pki, md } = forge;
  const certificate = pki.createCertificate();
  const issuer = authority && pki.certificateFromPem(authority.certificate);
  const subject = [{ name: 'commonName', value: commonName }];
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  // Positive and at most 20 bytes: RFC 5280, 4.1.2.2.
  certificate.serialNumber = `4${randomBytes(16).toString('hex').slice(1)}`;
  certificate.validity.notBefore = new Date(now.getTime() - BACKDATED_MS);
  certificate.validity.notAfter = new Date(now.getTime() + days * DAY_MS);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer?.subject.attributes ?? subject);
  certificate.setExtensions(extensions);
  certificate.sign(pki.privateKeyFromPem(authority?.key ?? privateKey), md.sha256.create());
  return { key: privateKey, certificate: pki.certificateToPem(certificate).replaceAll('\r\n', '\n') };
}
