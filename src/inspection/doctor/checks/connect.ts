import { readFile } from 'node:fs/promises';
import { isIP, connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { systemErrorCode } from '../../../platform/errors.ts';
import type { DoctorWorld } from '../check.ts';
import type { Target } from './targets.ts';

/** Milliseconds of each step; what does not come to pass within it is no connection. */
const STEP_TIMEOUT_MS = 1_200;

export interface Connected {
  readonly state: 'connected';
  readonly lookupMs: number | undefined;
  readonly tcpMs: number;
  readonly tlsMs: number | undefined;
  /** Days until the certificate ends. */
  readonly certificateDays: number | undefined;
}

export type Connection =
  | Connected
  | { readonly state: 'no-address' | 'no-connection' | 'no-tls'; readonly why: string };

/** Finds the address, connects, shakes hands, and hangs up: not a byte of content is sent. */
export async function tryConnection(target: Target, world: DoctorWorld): Promise<Connection> {
  const { clock } = world;
  const begin = clock.monotonic();
  const isAddress = isIP(target.host) !== 0;
  const address = isAddress ? target.host : await findAddress(target.host, world);
  if (address === undefined) return { state: 'no-address', why: `the name ${target.host} has no address` };
  const found = clock.monotonic();
  const lookupMs = isAddress ? undefined : found - begin;
  const tcp = await open(() => connectTcp({ host: address, port: target.port }), 'connect');
  if (tcp.why !== undefined) return { state: 'no-connection', why: tcp.why };
  tcp.socket.destroy();
  const connected = clock.monotonic();
  const tcpMs = connected - found;
  // A mail server speaks TLS later, with the same authority.
  const authority = await authorityOf(target);
  if (authority.why !== undefined) return { state: 'no-tls', why: authority.why };
  if (!target.usesTls)
    return { state: 'connected', lookupMs, tcpMs, tlsMs: undefined, certificateDays: undefined };
  const name = isAddress ? {} : { servername: target.host };
  const tls = await open(
    () => connectTls({ host: address, port: target.port, ...name, ca: authority.ca }),
    'secureConnect',
  );
  if (tls.why !== undefined) return { state: 'no-tls', why: tls.why };
  const end = Date.parse(tls.socket.getPeerCertificate().valid_to);
  tls.socket.destroy();
  return {
    state: 'connected',
    lookupMs,
    tcpMs,
    tlsMs: clock.monotonic() - connected,
    certificateDays: Number.isNaN(end) ? undefined : (end - clock.now().getTime()) / 86_400_000,
  };
}

interface Authority {
  /** PEM; undefined: those that Node knows. */
  readonly ca?: Buffer | undefined;
  readonly why?: string;
}

async function authorityOf({ caFile }: Target): Promise<Authority> {
  if (caFile === undefined) return {};
  try {
    return { ca: await readFile(caFile) };
  } catch (error) {
    return { why: `${caFile} cannot be read (${systemErrorCode(error) ?? 'for no reason that it names'})` };
  }
}

/** With a program that can be ended: the resolver's own waiting time may be half a minute. */
async function findAddress(host: string, { run, env, signal }: DoctorWorld): Promise<string | undefined> {
  const { stdout } = await run('getent', ['ahosts', host], {
    env: { PATH: env['PATH'] },
    timeoutMs: STEP_TIMEOUT_MS,
    signal,
  });
  return stdout.split(/\s+/)[0] || undefined;
}

type Opened<Socket> = { readonly socket: Socket; readonly why: undefined } | { readonly why: string };

function open<Socket extends ReturnType<typeof connectTcp>>(
  make: () => Socket,
  event: 'connect' | 'secureConnect',
): Promise<Opened<Socket>> {
  return new Promise((resolve) => {
    const socket = make();
    const timer = setTimeout(() => refuse(`no answer within ${STEP_TIMEOUT_MS} ms`), STEP_TIMEOUT_MS);
    const refuse = (why: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ why });
    };
    socket.once('error', (error) => refuse(systemErrorCode(error) ?? error.message));
    socket.once(event, () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      // What it says after we hung up is of no interest.
      socket.on('error', () => undefined);
      resolve({ socket, why: undefined });
    });
  });
}
