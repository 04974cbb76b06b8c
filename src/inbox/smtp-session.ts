import type { Socket } from 'node:net';
import { type SMTPServerOptions, SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';

/**
 * The library waits 100 ms for clients that speak too soon before it greets. Ours have been silent for longer already:
 * the front door saw to it.
 */
class SilentClient extends SMTPConnection {
  #isGreeted = false;

  override init(): void {
    super.init();
    this.connectionReady();
  }

  override connectionReady(next?: () => void): void {
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    super.connectionReady(next);
  }
}

/** One session on an accepted socket. The server listens nowhere; it is the session's configuration. */
export function openSmtpSession(
  socket: Socket,
  options: SMTPServerOptions,
  onError: (error: Error) => void,
): void {
  // Who has said all and hangs up wants no answer any more.
  socket.allowHalfOpen = false;
  const server = new SMTPServer(options);
  server.on('error', onError);
  const connection = new SilentClient(server, socket);
  server.connections.add(connection);
  connection.on('error', onError);
  connection.init();
}
