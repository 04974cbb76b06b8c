import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { LineWriter } from '../../src/cli/line-writer.ts';

class Stream extends EventEmitter {
  readonly isTTY: boolean;
  text = '';
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

const json = null;

it('colours a label on a terminal, always the same, and nothing elsewhere', () => {
  const stream = new Stream(true);
  const writer = new LineWriter(stream, { env: {}, json: false });
  for (const label of ['alpha', 'beta ', 'alpha']) writer.write({ label, text: 'x', json });
  const [first, second, third] = stream.text.split('\n');
  expect(first?.startsWith('\u001B[')).toBe(true);
  expect(first?.endsWith('malpha | \u001B[0mx')).toBe(true);
  expect(third).toBe(first);
  expect(second?.slice(0, 5)).not.toBe(first?.slice(0, 5));
  const plain = new Stream(false);
  new LineWriter(plain, { env: {}, json: false }).write({ label: 'alpha', text: 'x\u001B[2J', json });
  expect(plain.text).toBe('alpha | x\u001B[2J\n');
});

it('keeps what a program wrote from driving the terminal', () => {
  const stream = new Stream(true);
  new LineWriter(stream, { env: { NO_COLOR: '1' }, json: false }).write({ text: 'a\u001B[2Jb', json });
  expect(stream.text).toBe('a\uFFFD[2Jb\n');
});

it('says that its reader has gone, and writes no more', () => {
  const stream = new Stream(false);
  const writer = new LineWriter(stream, { env: {}, json: true });
  expect(writer.write({ text: 'x', json: { a: 1 } })).toBe(true);
  stream.emit('error', new Error('EPIPE'));
  expect(writer.write({ text: 'y', json })).toBe(false);
  expect(stream.text).toBe('{"a":1}\n');
});
