/** Tar archives, as far as Leitstand reads and writes them: `ustar` of POSIX.1, with long names of GNU tar and pax. */

const BLOCK = 512;

export interface TarEntry {
  /** As it is written in the archive: not to be trusted as a path. */
  readonly name: string;
  /** `other`: a directory, a link, a device. */
  readonly type: 'file' | 'other';
  /** Bytes. */
  readonly size: number;
  /** To be read before the next entry is asked for; what is not read is passed over. */
  readonly body: AsyncIterable<Buffer>;
}

/** What is wrong with an archive, in words. */
export class TarError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'TarError';
  }
}

/** The entries in their order. Throws `TarError` when the archive is damaged or ends early. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const reader = new BlockReader(source);
  let longName: string | undefined;
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header.every((byte) => byte === 0)) return reader.drain();
    const { name, type, size } = parseHeader(header);
    if (type === 'L' || type === 'x') {
      if (size > 64 * 1024) throw new TarError('it has a name that is longer than any path');
      const extra = (await reader.take(size)).toString('utf8');
      await reader.pass(padding(size));
      longName = type === 'L' ? extra.replace(/\0.*$/s, '') : (paxPath(extra) ?? longName);
      continue;
    }
    const body = reader.stream(size);
    yield { name: longName ?? name, type: isFile(type) ? 'file' : 'other', size, body: body.pieces() };
    await reader.pass(body.rest() + padding(size));
    longName = undefined;
  }
}

function isFile(type: string): boolean {
  return type === '0' || type === '\0';
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function parseHeader(header: Buffer): { name: string; type: string; size: number } {
  const text = (from: number, length: number) =>
    header
      .subarray(from, from + length)
      .toString('utf8')
      .replace(/\0.*$/s, '');
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (Number.parseInt(text(148, 8), 8) !== sum) throw new TarError('it is no tar archive, or it is damaged');
  const size = Number.parseInt(text(124, 12) || '0', 8);
  // Sizes of 8 GiB and more are written otherwise; no program has them.
  if (!Number.isSafeInteger(size) || size < 0) throw new TarError('it says no size that can be believed');
  const prefix = text(257, 6) === 'ustar' ? text(345, 155) : '';
  const name = text(0, 100);
  return { name: prefix === '' ? name : `${prefix}/${name}`, type: text(156, 1) || '\0', size };
}

/** `28 path=…\n`: the length counts the whole record. */
function paxPath(records: string): string | undefined {
  return /^\d+ path=(.*)$/m.exec(records)?.[1];
}

/** Exact numbers of bytes out of pieces of any length. */
class BlockReader {
  readonly #source: AsyncIterator<Buffer>;
  #piece: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    const { pieces } = this.stream(length);
    for await (const piece of pieces()) parts.push(piece);
    return Buffer.concat(parts);
  }

  async pass(length: number): Promise<void> {
    for await (const _ of this.stream(length).pieces()) continue;
  }

  stream(length: number): { pieces(): AsyncGenerator<Buffer>; rest(): number } {
    let missing = length;
    const next = (limit: number) => this.#next(limit);
    const pieces = async function* () {
      while (missing > 0) {
        const piece = await next(missing);
        missing -= piece.length;
        yield piece;
      }
    };
    return { pieces, rest: () => missing };
  }

  /** To the end, so that whoever delivers the bytes can check them. */
  async drain(): Promise<void> {
    while (!(await this.#source.next()).done) continue;
  }

  async #next(limit: number): Promise<Buffer> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) throw new TarError('it ends early');
      this.#piece = value;
    }
    const piece = this.#piece.subarray(0, limit);
    this.#piece = this.#piece.subarray(piece.length);
    return piece;
  }
}

export interface NewTarEntry {
  readonly name: string;
  readonly mode: number;
  /** Bytes that `body` has, exactly. */
  readonly size: number;
  readonly body: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** Files only, with no owner and no time: the same files make the same archive. */
export async function* writeTar(
  entries: AsyncIterable<NewTarEntry> | Iterable<NewTarEntry>,
): AsyncGenerator<Buffer> {
  for await (const { name, mode, size, body } of entries) {
    yield renderHeader(name, mode, size);
    let written = 0;
    for await (const piece of body) {
      written += piece.length;
      yield piece;
    }
    if (written !== size) throw new TarError(`${name} has changed while it was read`);
    yield Buffer.alloc(padding(size));
  }
  yield Buffer.alloc(2 * BLOCK);
}

function renderHeader(path: string, mode: number, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const { prefix, name } = splitName(path);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function splitName(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { prefix, name };
  }
  throw new TarError(`the path ${path} is too long for a tar archive`);
}
