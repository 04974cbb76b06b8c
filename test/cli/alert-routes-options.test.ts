import { expect, it } from 'vitest';
import { alertRoutesOptions } from '../../src/cli/alert-routes/options.ts';
import { CommandInput } from '../../src/cli/command.ts';
import { systemClock } from '../../src/platform/clock.ts';

const ask = (...words: string[]) =>
  alertRoutesOptions(new CommandInput(words, {}), { clock: systemClock }).question;

it('an alert has one value of each label', () => {
  expect(ask('severity=critical', 'team="water works"')).toEqual({
    kind: 'labels',
    labels: { severity: 'critical', team: 'water works' },
  });
  expect(() => ask('severity=critical', 'severity=warning')).toThrow('`severity` is there twice');
});
