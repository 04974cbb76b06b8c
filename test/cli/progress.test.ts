import { describe, expect, it } from 'vitest';
import { progressDisplay } from '../../src/cli/progress.ts';
import type { Progress } from '../../src/stack/progress.ts';

const EVENTS: readonly Progress[] = [
  { type: 'phase', phase: 'render', index: 1, total: 2 },
  { type: 'step', text: 'waiting' },
  { type: 'step', text: 'waiting' },
  { type: 'warning', text: 'older' },
  { type: 'done', phase: 'render', text: '3 files', elapsedMs: 1234 },
];

function shown(
  mode: 'tty' | 'plain' | 'json' | 'quiet',
  events = EVENTS,
): {
  readonly text: string;
  readonly json: readonly Progress[];
} {
  let text = '';
  const json: Progress[] = [];
  const stream = {
    columns: 40,
    write: (part: string) => {
      text += part;
    },
  };
  const display = progressDisplay(stream, mode, (event) => json.push(event));
  for (const event of events) display.onProgress(event);
  display.clear();
  return { text, json };
}

describe('progressDisplay', () => {
  it('plain: lines only, and the same one not twice in a row', () => {
    expect(shown('plain').text).toBe('    waiting\nwarning: older\n1/2 render     3 files  1.2 s\n');
  });

  it('tty: what is of the moment goes away again', () => {
    const lines = shown('tty').text.split('\u001b[K');
    expect(lines.at(-1)).toBe('warning: older\n1/2 render     3 files  1.2 s\n');
  });

  it.each(['plain', 'tty'] as const)('%s: what is quoted does not drive the terminal', (mode) => {
    const evil = '\u001b]0;x\u0007\u009b2J\u202e';
    const { text } = shown(mode, [
      { type: 'step', text: evil },
      { type: 'warning', text: evil },
      { type: 'done', phase: 'render', text: evil, elapsedMs: 1 },
    ]);
    const shownText = text.replaceAll('\r\u001b[K', '');
    expect(Array.from(evil).filter((one) => !/[\w\];]/.test(one) && shownText.includes(one))).toEqual([]);
  });

  it('json: every event; quiet: nothing', () => {
    expect(shown('json')).toEqual({ text: '', json: EVENTS });
    expect(shown('quiet')).toEqual({ text: '', json: [] });
  });
});
