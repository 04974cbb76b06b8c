import { describe, expect, it } from 'vitest';
import { CommandInput } from '../../src/cli/command.ts';
import { explainCommand } from '../../src/cli/commands/explain.ts';
import { contextFor } from './context.ts';

const explain = (...args: string[]) => explainCommand.run(contextFor('/'), new CommandInput(args, {}));

describe('explain', () => {
  it('prints what stands behind a code', async () => {
    const { text } = await explain('ls-rules-001');
    expect(text).toMatch(/^LS-RULES-001: no shipped alert has this name {2}\(exit 2\)\n\n/);
  });

  it('prints the runbook of an alert, and how it is shipped', async () => {
    const { text, json } = await explain('nodefilesystemspacefillingup');
    expect(text).toMatch(/^# NodeFilesystemSpaceFillingUp\n/);
    expect(text).toContain('As shipped: warning, after 1h; free_percent: 15 %; hours: 24 hours.');
    expect(json).toMatchObject({
      alert: 'NodeFilesystemSpaceFillingUp',
      severity: 'warning',
      for: '1h',
      parameters: [{ name: 'free_percent', default: 15, min: 1, max: 95 }, { name: 'hours' }],
    });
  });

  it('lists codes and alerts', async () => {
    const { text } = await explain();
    expect(text).toContain('LS-RULES-003  a parameter is outside');
    expect(text).toContain('\n  BackupStale\n');
  });

  it('proposes the nearest name', async () => {
    await expect(explain('BackupStail')).rejects.toMatchObject({
      code: 'LS-CLI-003',
      details: { fix: 'did you mean `leitstand explain BackupStale`?' },
    });
    await expect(explain('Zzzzzzzzzzzz')).rejects.toMatchObject({
      details: { fix: 'leitstand explain lists them all' },
    });
  });
});
