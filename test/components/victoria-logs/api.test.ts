import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createVictoriaLogsApi, type LogRow } from '../../../src/components/victoria-logs/api.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await once(started.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

async function serveAnswer(status: number, body: string): Promise<string> {
  return serve((_request, response) => void response.writeHead(status).end(body));
}

async function rowsOf(rows: AsyncIterable<LogRow>): Promise<LogRow[]> {
  const all: LogRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

it('asks in the body of a POST, below the path of the URL', async () => {
  const seen: string[] = [];
  const url = await serve((request, response) => {
    request
      .setEncoding('utf8')
      .on('data', (chunk: string) => seen.push(`${request.method} ${request.url} ${chunk}`));
    request.on('end', () => response.end('{"_msg":"ä","_time":"2026-01-01T00:00:00.000000001Z"}\n'));
  });
  const api = createVictoriaLogsApi(`${url}/logs/`);
  const range = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00.000000001Z' };
  expect(await rowsOf(api.query('{a="b"} | sort by (_time)', range))).toEqual([
    { _msg: 'ä', _time: '2026-01-01T00:00:00.000000001Z' },
  ]);
  expect(seen).toEqual([
    'POST /logs/select/logsql/query query=%7Ba%3D%22b%22%7D+%7C+sort+by+%28_time%29&start=2026-01-01T00%3A00%3A00Z&end=2026-01-02T00%3A00%3A00.000000001Z',
  ]);
});

it('puts rows together that come in pieces, also within a character', async () => {
  const bytes = Buffer.from('{"_msg":"grün"}\n{"_msg":"two"}\n');
  const pieces = Array.from({ length: Math.ceil(bytes.length / 5) }, (_, i) =>
    bytes.subarray(i * 5, i * 5 + 5),
  );
  const url = await serve((_request, response) => {
    const writeNext = () => {
      const piece = pieces.shift();
      if (!piece) return response.end();
      return response.write(piece, () => setTimeout(writeNext, 2));
    };
    writeNext();
  });
  expect(await rowsOf(createVictoriaLogsApi(url).query('*'))).toEqual([{ _msg: 'grün' }, { _msg: 'two' }]);
});

it('makes one row of all the functions of a group', async () => {
  const entry = (name: string, stream: string, value: string) => ({
    metric: { __name__: name, _stream: stream },
    value: [1, value],
  });
  const result = [entry('n', 'a', '2'), entry('s', 'a', '7'), entry('n', 'b', '1'), entry('s', 'b', 'NaN')];
  const url = await serveAnswer(200, JSON.stringify({ data: { resultType: 'vector', result } }));
  expect(await createVictoriaLogsApi(url).statsQuery('* | stats by (_stream) count() n, sum(m) s')).toEqual([
    { labels: { _stream: 'a' }, values: { n: '2', s: '7' } },
    { labels: { _stream: 'b' }, values: { n: '1', s: 'NaN' } },
  ]);
});

it('does not take a broken answer for a whole one', async () => {
  const url = await serve((_request, response) => {
    response.write('{"_msg":"one"}\n{"_msg":"tw');
    setTimeout(() => response.destroy(), 20);
  });
  const rows: LogRow[] = [];
  const read = async () => {
    for await (const row of createVictoriaLogsApi(url).query('*')) rows.push(row);
  };
  await expect(read()).rejects.toMatchObject({ code: 'LS-VICTORIALOGS-005', exit: 5 });
  expect(rows).toEqual([{ _msg: 'one' }]);
});

it('leaves an answer early without waiting for its end', async () => {
  let closed = false;
  const url = await serve((_request, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.write('{"_msg":"one"}\n');
  });
  for await (const _row of createVictoriaLogsApi(url).query('*')) break;
  const deadline = Date.now() + 5_000;
  while (!closed && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(closed).toBe(true);
});

it('is broken off by its signal, with its reason', async () => {
  const url = await serve((_request, response) => void response.write('{"_msg":"one"}\n'));
  const controller = new AbortController();
  const read = async () => {
    for await (const _row of createVictoriaLogsApi(url, controller.signal).query('*'))
      controller.abort(new Error('enough'));
  };
  await expect(read()).rejects.toThrow('enough');
});

it.each([
  ['001', 5, undefined, 0],
  ['002', 4, 'no', 401],
  ['002', 4, 'no', 403],
  ['003', 5, 'not json', 200],
  ['003', 5, '[1]', 200],
  ['006', 6, 'unsupported path requested: "/internal/partition/snapshot/create"', 400],
])('a snapshot that fails is LS-VICTORIALOGS-%s', async (code, exit, body, status) => {
  const url = body === undefined ? 'http://127.0.0.1:1' : await serveAnswer(status, body);
  await expect(createVictoriaLogsApi(url).createSnapshots()).rejects.toMatchObject({
    code: `LS-VICTORIALOGS-${code}`,
    exit,
  });
});

it.each([
  ['a count', async (url: string) => createVictoriaLogsApi(url).count({}, '(')],
  ['a query', async (url: string) => rowsOf(createVictoriaLogsApi(url).query('('))],
])('%s that is refused quotes the reason', async (_name, ask) => {
  const json = await serveAnswer(
    422,
    JSON.stringify({ status: 'error', errorType: '422', error: 'missing )' }),
  );
  await expect(ask(json)).rejects.toMatchObject({
    code: 'LS-VICTORIALOGS-004',
    details: { why: 'missing ) (status 422)' },
  });
});

it('knows an empty server from one that does not answer', async () => {
  const api = createVictoriaLogsApi(await serveAnswer(200, '[]'));
  expect([await api.partitions(), await api.createSnapshots(), await api.snapshots()]).toEqual([[], [], []]);
  expect(await createVictoriaLogsApi(await serveAnswer(503, '')).healthy()).toBe(false);
});

it('reads flags and version as the program prints them', async () => {
  const url = await serve((request, response) => {
    response.end(
      request.url === '/flags'
        ? '-retentionPeriod="90d"\n-partitionManageAuthKey="secret"\n-httpListenAddr="127.0.0.1:9428"\n'
        : 'vm_app_version{version="victoria-logs-20260101-v1.52.1", short_version="v1.52.1"} 1\n',
    );
  });
  const api = createVictoriaLogsApi(url);
  expect(await api.flags()).toEqual({
    retentionPeriod: '90d',
    partitionManageAuthKey: 'secret',
    httpListenAddr: '127.0.0.1:9428',
  });
  expect(await api.version()).toBe('1.52.1');
});
