import { describe, expect, it } from 'vitest';
import { assertStillEncrypted } from '../../src/backup/recovery-proof.ts';

const encrypted = { encryption: { recipients: ['age1old'], host: 'age1host' } };

describe('backups that were encrypted', () => {
  it('do not become readable because the key went out of the configuration', () => {
    expect(() => assertStillEncrypted([], encrypted)).toThrow('LS-BACKUP-013');
    expect(() => assertStillEncrypted([], encrypted)).toThrow('newest backup is encrypted');
  });

  it('may go on with the same key or another one, and so may those that never were', () => {
    expect(() => assertStillEncrypted(['age1new'], encrypted)).not.toThrow();
    expect(() => assertStillEncrypted([], {})).not.toThrow();
    expect(() => assertStillEncrypted([], undefined)).not.toThrow();
  });
});
