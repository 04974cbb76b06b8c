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
    [
      'stack: a\nbackup: {s3: {bucket: b}}\ntypo: 1\n',
      { stack: 'a', stateDir: null, backupDirectory: null, isBackupElsewhere: true },
    ],
    ['stack: a\nstate_dir: absent\n', { stack: 'a', stateDir: 'absent', backupDirectory: null }],
    ['- not a mapping\n', { stack: undefined, stateDir: undefined, backupDirectory: undefined }],
  ])('%j', (text, salvaged) => {
    const { environment: _environment, ...places } = salvageConfig(text);
    expect(places).toEqual(salvaged);
  });

  const OVERLAID = `stack: a
state_dir: base
backup: {directory: b}
environment: staging
environments:
  staging: {state_dir: s}
  production: {state_dir: null, backup: null}
  local:
    state_dir:
    backup:
typo: 1
`;
  it.each([
    ['by the file itself', undefined, { environment: 'staging', stateDir: 's', backupDirectory: 'b' }],
    ['asked for', 'production', { environment: 'production', stateDir: null, backupDirectory: null }],
    ['with an empty value', 'local', { environment: 'local', stateDir: undefined, backupDirectory: 'b' }],
    ['that does not exist', 'prod', { stateDir: undefined, backupDirectory: undefined }],
  ])('finds the places of an environment %s', (_, asked, salvaged) => {
    expect(salvageConfig(OVERLAID, asked)).toEqual({ stack: 'a', environment: undefined, ...salvaged });
  });

  it('needs no environment where the file has no overlays', () => {
    const text = 'stack: a\nstate_dir: base\nenvironment: ${env:WHICH}\ntypo: 1\n';
    expect(salvageConfig(text)).toMatchObject({ stateDir: 'base' });
    expect(salvageConfig('stack: a\nstate_dir: base\n', 'prod')).toMatchObject({ stateDir: 'base' });
  });

  it('does not take the places of the rest of the file for those of an overlay that it cannot read', () => {
    const text = 'stack: a\nstate_dir: base\nenvironments: {staging: &s {state_dir: s}, production: *s}\n';
    expect(salvageConfig(text, 'production')).toMatchObject({
      stateDir: undefined,
      backupDirectory: undefined,
    });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => void salvageConfig(text)),
    );
  });
});
