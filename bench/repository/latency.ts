// A way to a server that takes time: bytes pass unchanged, later.
import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface Way {
  readonly port: number;
  /** PUT requests that have passed. */
  puts: number;
  close(): Promise<void>;
}

/** Every byte to the server comes `delayMs` later, so that each answer does. */
export async function slowWay(toPort: number, delayMs: number): Promise<Way> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ port: toPort, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes: Buffer) => {
      // A request begins a packet: one comes after the other on a connection.
      if (bytes.toString('latin1', 0, 5) === 'PUT /') way.puts += 1;
      later(delayMs, () => {
        if (!target.write(bytes)) client.pause();
      });
    });
    target.on('drain', () => client.resume());
    client.on('close', () => later(delayMs, () => target.end()));
    target.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const way: Way = {
    port: (server.address() as { readonly port: number }).port,
    puts: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return way;
}

function later(delayMs: number, work: () => void): void {
  if (delayMs === 0) work();
  else setTimeout(work, delayMs);
}
