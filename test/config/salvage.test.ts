import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { salvageConfig } from '../../src/config/salvage.ts';

describe('salvageConfig', () => {
  it.each([
    [
      'stack: a\nstate_dir: /s\nbackup: {directory: b}\ntypo: 1\n',
      { stack: 'a', stateDir: '/s', backupDirectory: 'b' },
    ],
    [
      'stack: a\ncomponents: {prometheus: {retension: 1}}\n',
      { stack: 'a', stateDir: null, backupDirectory: null },
    ],
    ['stack: a\nstate_dir: ${env:X}\n', { stack: 'a', stateDir: undefined, backupDirectory: null }],
    ['stack: a\nstate_dir: absent\n', { stack: 'a', stateDir: 'absent', backupDirectory: null }],
    ['- not a mapping\n', { stack: undefined, stateDir: undefined, backupDirectory: undefined }],
  ])('%j', (text, salvaged) => {
    expect(salvageConfig(text)).toEqual(salvaged);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => void salvageConfig(text)),
    );
  });
});
