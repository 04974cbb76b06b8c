import { createServer } from 'node:http';
import type { Server } from 'node:net';
import type { Clock } from '../platform/clock.ts';
import { systemErrorCode } from '../platform/errors.ts';
import { findPortHolder } from '../platform/process-table.ts';
import type { SandboxEndpoint } from '../stack/sandbox.ts';
import { openDesks } from './desks.ts';
import { inboxErrors } from './errors.ts';
import type { MisbehaviourSource } from './faults.ts';
import { putFrontDoor } from './front-door.ts';
import { answerHttp } from './http.ts';
import { keeper, type MessageStore } from './record.ts';
import { ROOM_BYTES, roomFor } from './room.ts';

const REQUEST_TIMEOUT_MS = 30_000;

export interface InboxOptions {
  /** 0 lets the kernel pick. */
  readonly port: number;
  readonly host: string;
  readonly endpoints: readonly SandboxEndpoint[];
  readonly messages: MessageStore;
  /** How it is to fail; absent: never. */
  readonly misbehaviours?: MisbehaviourSource;
  /** Where its certificate is kept, with `ca.pem`; absent: one that nobody knows, for this run. */
  readonly directory?: string;
  /** Host names and addresses of the certificate, besides those of the loopback. */
  readonly names?: readonly string[];
  /** Bytes of messages that are read and judged at once; default: 64 MiB. */
  readonly roomBytes?: number;
  readonly clock: Clock;
  /** Told what happens before there is a message: a client that does not trust the certificate. */
  readonly onTrouble?: (text: string) => void;
}

export interface Inbox {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Keeps every message that reached an endpoint, with its answer: HTTP, HTTPS, SMTP and SMTPS on one port. Throws
 * LS-INBOX-001 when it cannot listen, LS-INBOX-002 when its certificate cannot be kept.
 */
export async function startInbox(options: InboxOptions): Promise<Inbox> {
  const keep = keeper(options.messages);
  const room = roomFor(options.roomBytes ?? ROOM_BYTES);
  const desk = { ...options, misbehaviours: options.misbehaviours, keep, room };
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answerHttp(desk, request, response);
  });
  // A client that breaks off or speaks no HTTP is its own affair.
  server.on('clientError', (_error, socket) => socket.destroy());
  const closeDoor = putFrontDoor(server, await openDesks(options, keep, room));
  await listen(server, options);
  // A connection that could not be accepted (no file descriptor left) is no reason to stop accepting.
  server.on('error', () => undefined);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        closeDoor();
      }),
  };
}

async function listen(server: Server, { port, host }: InboxOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const code = systemErrorCode(error);
    const holder = code === 'EADDRINUSE' ? await findPortHolder(port) : undefined;
    throw inboxErrors.error('LS-INBOX-001', {
      what: `the inbox cannot listen on port ${port} of ${host}`,
      why: holder ? `${holder} has it` : code,
      fix: 'if that is the daemon of this stack, its inbox is open already: leitstand inbox list. Else stop it, or choose another port (`inbox: {port: …}` in leitstand.yaml, `--port` of `inbox serve`)',
      cause: error,
    });
  }
}
