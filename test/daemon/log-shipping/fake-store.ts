import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../fixtures/free-port.ts';

export interface StoredLine {
  readonly component: string;
  readonly ns: string;
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Answer = (lines: readonly StoredLine[], response: ServerResponse) => boolean;

/** A log store that answers the push API, and can be told to misbehave as real ones do. */
export class FakeStore implements AsyncDisposable {
  readonly url: string;
  /** What it has, as far as it has not forgotten it. */
  lines: StoredLine[] = [];
  pushes = 0;
  /** Looked at before a push is taken; true: the answer is given. */
  answer: Answer = () => false;
  /** Undefined: it does not say who it is. */
  identity: number | undefined = 1;
  readonly #port: number;
  #server: Server | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}/insert/loki/api/v1/push`;
  }

  static async open(options: { readonly down?: boolean } = {}): Promise<FakeStore> {
    const store = new FakeStore(await freePort());
    if (options.down !== true) await store.up();
    return store;
  }

  async up(): Promise<void> {
    // A program that another thread is starting holds the former socket as well, until it is executed (fork(2)).
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#listen();
      } catch (error) {
        if (attempt === 100) throw error;
        await setTimeout(20);
      }
    }
  }

  async #listen(): Promise<void> {
    const server = createServer((request, response) => void this.#handle(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server = server;
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Another process, which has lost the last `lost` lines that were taken. */
  async killAndRestart(lost: number): Promise<void> {
    await this.down();
    this.lines = this.lines.slice(0, Math.max(0, this.lines.length - lost));
    this.identity = (this.identity ?? 0) + 1;
    await this.up();
  }

  texts(component: string): string[] {
    return this.lines.filter((line) => line.component === component).map(({ text }) => text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += String(part);
    if (request.url === '/metrics') {
      const text = this.identity === undefined ? '' : `process_start_time_seconds ${this.identity}\n`;
      return void response.end(text);
    }
    this.pushes += 1;
    const { streams } = JSON.parse(body) as {
      streams: { stream: Record<string, string>; values: [string, string][] }[];
    };
    const lines = streams.flatMap(({ stream, values }) =>
      values.map(([ns, text]) => ({ component: stream['component'] ?? '', ns, text, labels: stream })),
    );
    if (this.answer(lines, response)) return;
    this.lines.push(...lines);
    response.writeHead(204).end();
  }
}
