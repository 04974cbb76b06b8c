import { describe, expect, it } from 'vitest';
import { notEncrypted } from '../../src/cli/check/not-encrypted.ts';
import { ENVIRONMENTS, type Stack } from '../../src/stack/stack.ts';

const stackIn = (environment: Stack['environment'], recoveryKeys: readonly string[]) =>
  ({ environment, file: 'leitstand.yaml', backup: { recoveryKeys } }) as unknown as Stack;

describe('backups that are not encrypted', () => {
  it('are a finding where it counts, with the command that mends it', () => {
    const found = ENVIRONMENTS.filter((environment) => notEncrypted(stackIn(environment, [])).length > 0);
    expect(found).toEqual(['staging', 'production']);
    expect(notEncrypted(stackIn('production', []))[0]).toMatchObject({
      code: 'LS-CHECK-031',
      severity: 'warning',
      fix: expect.stringContaining('leitstand backup kit --new'),
    });
    expect(notEncrypted(stackIn('production', ['age1…']))).toEqual([]);
  });
});
