import fc from 'fast-check';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../../../../src/platform/processes.ts';
import { parseChecksums } from '../../../../src/runtimes/native/provision/release/archive.ts';
import { readTar, TarError, writeTar } from '../../../../src/runtimes/native/provision/tar.ts';

interface File {
  readonly name: string;
  readonly content: string;
}

async function write(files: readonly File[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const entries = files.map(({ name, content }) => {
    const body = Buffer.from(content, 'latin1');
    return { name, mode: 0o644, size: body.length, body: [body] };
  });
  for await (const piece of writeTar(entries)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** `skip`: bodies are not read; the next entry must be found all the same. */
async function read(archive: Buffer, pieceSize: number, skip = false): Promise<File[]> {
  const pieces = async function* () {
    for (let at = 0; at < archive.length; at += pieceSize) yield archive.subarray(at, at + pieceSize);
  };
  const files: File[] = [];
  for await (const { name, body } of readTar(pieces())) {
    let content = '';
    if (!skip) for await (const piece of body) content += piece.toString('latin1');
    files.push({ name, content });
  }
  return files;
}

const segment = fc.string({
  unit: fc.constantFrom('a', 'b', 'Z', '0', '9', '-', '_', '.', '+', 'ä'),
  minLength: 1,
  maxLength: 60,
});
const anyFile = fc.record({
  name: fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/')),
  content: fc.string({ unit: 'binary-ascii', maxLength: 2000 }),
});

it('what is written is read, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFile, { maxLength: 5 }),
      fc.integer({ min: 1, max: 3000 }),
      async (files, size) => {
        const archive = await write(files).catch((error: unknown) => {
          // Names that have no place to be split do not fit.
          if (error instanceof TarError) return undefined;
          throw error;
        });
        if (!archive) return;
        expect(await read(archive, size)).toEqual(files);
        expect(await read(archive, size, true)).toEqual(files.map(({ name }) => ({ name, content: '' })));
      },
    ),
    { numRuns: 60 },
  );
});

it('an archive cut off anywhere before its end is refused', async () => {
  const archive = await write([{ name: 'programs/a', content: 'x'.repeat(700) }]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: archive.length - 1024 }), async (length) => {
      await expect(read(archive.subarray(0, length), 512)).rejects.toThrow(TarError);
    }),
    { numRuns: 40 },
  );
});

it('a changed byte in a header is noticed', async () => {
  const archive = await write([{ name: 'programs/a', content: 'x' }]);
  for (const at of [0, 50, 130, 345]) {
    const changed = Buffer.from(archive);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await expect(read(changed, 512)).rejects.toThrow(TarError);
  }
});

it.each(['gnu', 'pax', 'ustar'])(
  'what tar writes in the format %s is read, long names too',
  async (format) => {
    const root = await mkdtemp(join(tmpdir(), 'leitstand-tar-'));
    try {
      const name = `${'d'.repeat(60)}/${'f'.repeat(90)}`;
      await mkdir(join(root, 'd'.repeat(60)));
      await writeFile(join(root, name), 'content');
      const made = await runProgram('tar', [
        `--format=${format}`,
        '-cf',
        join(root, 'made.tar'),
        '-C',
        root,
        name,
      ]);
      expect(made.exitCode).toBe(0);
      expect(await read(await readFile(join(root, 'made.tar')), 4096)).toEqual([
        { name, content: 'content' },
      ]);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
);

it('what is written is read by tar', async () => {
  const root = await mkdtemp(join(tmpdir(), 'leitstand-tar-'));
  try {
    const name = `${'d'.repeat(60)}/${'f'.repeat(90)}`;
    await writeFile(join(root, 'made.tar'), await write([{ name, content: 'content' }]));
    expect((await runProgram('tar', ['-xf', join(root, 'made.tar'), '-C', root])).stderr).toBe('');
    expect(await readFile(join(root, name), 'utf8')).toBe('content');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

it('checksum files are read line by line, and what is none is passed over', () => {
  const hash = 'aB'.repeat(32);
  const text = `# comment\n${hash}  a.tar.gz\r\n${hash} *b.tar.gz\n${hash}  ./c.tar.gz\nshort  d.tar.gz\n\n`;
  expect([...parseChecksums(text)]).toEqual(
    ['a', 'b', 'c'].map((name) => [`${name}.tar.gz`, hash.toLowerCase()]),
  );
  fc.assert(fc.property(fc.string(), (any) => void parseChecksums(any)));
});
