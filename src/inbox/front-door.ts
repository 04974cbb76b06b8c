import type { Server, Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/** A client of SMTP waits for the greeting, one of HTTP or TLS speaks first: so long alone, and longer in a crowd. */
const SILENCE_MS = 150;
/** For each other silent client: hundreds at once are HTTP's, and have not got their turn yet. */
const CROWD_MS = 10;
const LONGEST_SILENCE_MS = 2_000;
/** A timer that is so late tells of a machine that is too busy to judge by silence. */
const LAG_MS = 50;
const HANDSHAKE_TIMEOUT_MS = 30_000;
/** The first byte of a TLS record that begins a handshake: RFC 8446, 5.1. */
const TLS_HANDSHAKE = 0x16;

export interface Desks {
  /** Undefined: nobody speaks SMTP here, and silence is waited out. */
  readonly smtp: ((socket: Socket) => void) | undefined;
  /** Asked anew for every connection. */
  readonly secureContext: () => Promise<SecureContext>;
  /** A client broke off while TLS was agreed on, for a certificate it does not trust for instance. */
  readonly onTlsFailure: (error: Error) => void;
}

interface Door extends Desks {
  readonly http: (socket: Socket) => void;
  /** Those of whom nobody knows yet what they speak. */
  readonly silent: Set<Socket>;
  /** For every socket, also of TLS on top of another. */
  readonly track: (socket: Socket) => void;
}

/**
 * One port for HTTP, HTTPS, SMTP and SMTPS: who speaks first, and with which byte, decides; within TLS once more. What
 * `server`, one of HTTP, would do with a new connection is done once it is known to be its. Returns what ends all
 * connections.
 */
export function putFrontDoor(server: Server, desks: Desks): () => void {
  const [serveHttp] = server.listeners('connection');
  server.removeAllListeners('connection');
  const sockets = new Set<Socket>();
  const door: Door = {
    ...desks,
    silent: new Set(),
    http: (socket) => serveHttp?.call(server, socket),
    track: (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // A client that breaks off is its own affair.
      socket.on('error', () => undefined);
    },
  };
  server.on('connection', (socket) => {
    door.track(socket);
    decide(door, socket, () => {
      secure(door, socket).catch(() => socket.destroy());
    });
  });
  return () => {
    // A socket below TLS is not torn down from beneath it.
    for (const socket of [...sockets].reverse()) socket.destroy();
  };
}

function decide(door: Door, socket: Socket, onTls: () => void): void {
  const { smtp, silent } = door;
  const settle = (next: () => void) => {
    stopWaiting();
    silent.delete(socket);
    socket.off('data', onData).off('end', onEnd).off('close', onEnd);
    socket.pause();
    next();
  };
  const onData = (bytes: Buffer) =>
    settle(() => {
      socket.unshift(bytes);
      if (bytes[0] === TLS_HANDSHAKE) return onTls();
      door.http(socket);
      socket.resume();
    });
  const onEnd = () => settle(() => socket.end());
  silent.add(socket);
  const stopWaiting = smtp ? waitForSilence(silent, () => settle(() => smtp(socket))) : () => undefined;
  socket.on('data', onData).on('end', onEnd).on('close', onEnd);
}

/** Calls `greet` once it has been silent for long enough; returns what ends the waiting. */
function waitForSilence(silent: ReadonlySet<Socket>, greet: () => void): () => void {
  let ended = false;
  let waited = 0;
  let timer: NodeJS.Timeout;
  const wait = (ms: number) => {
    const start = performance.now();
    timer = setTimeout(() => {
      // What has come meanwhile is read before anything is decided.
      setImmediate(() => {
        if (ended) return;
        const isLate = performance.now() - start > ms + LAG_MS;
        waited += ms;
        const patience = Math.min(SILENCE_MS + CROWD_MS * (silent.size - 1), LONGEST_SILENCE_MS);
        if (waited >= LONGEST_SILENCE_MS || (waited >= patience && !isLate)) greet();
        else wait(Math.max(SILENCE_MS, patience - waited));
      });
    }, ms);
  };
  wait(SILENCE_MS);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

async function secure(door: Door, socket: Socket): Promise<void> {
  const secureContext = await door.secureContext();
  // Who hangs up in the middle of TLS wants nothing any more.
  socket.allowHalfOpen = false;
  const inside = new TLSSocket(socket, { isServer: true, secureContext });
  door.track(inside);
  const giveUp = setTimeout(() => inside.destroy(), HANDSHAKE_TIMEOUT_MS);
  inside.once('close', () => clearTimeout(giveUp)).once('error', door.onTlsFailure);
  inside.once('secure', () => {
    clearTimeout(giveUp);
    inside.off('error', door.onTlsFailure);
    // TLS within TLS is nothing that anybody speaks: HTTP refuses it.
    decide(door, inside, () => {
      door.http(inside);
      inside.resume();
    });
  });
}
