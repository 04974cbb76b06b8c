import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';

export const checkCommand: Command = {
  description: `Asks the programs' own validators, and then what they do not ask: does anything have the metrics of
the rules, does somebody get each severity, can each receiver deliver, can each inhibition match. Without --files it
looks at what \`up\` would write. With --files it looks at any directory of Prometheus, Alertmanager and compose files,
also without a leitstand.yaml. Changes nothing, sends nothing.`,
  options: [
    {
      flags: '--files <directory>',
      description: 'look at the files in it; what they are is told by their content',
    },
    {
      flags: '--prometheus <path>',
      description: 'Prometheus configuration with its rule files; may lie elsewhere',
    },
    { flags: '--alertmanager <path>', description: 'Alertmanager configuration; may lie elsewhere' },
    {
      flags: '--container',
      description: 'the programs run in containers, where localhost is the container itself',
    },
    { flags: '--strict', description: 'warnings count as errors' },
  ],
  examples: [
    { command: 'leitstand check', shows: 'the stack of leitstand.yaml' },
    { command: 'leitstand check --files monitoring --strict', shows: 'a directory of files, for CI' },
    {
      command: 'leitstand check --prometheus /etc/prometheus/prometheus.yml',
      shows: 'one that runs already, with its rules',
    },
  ],
  exits: [
    '0   no errors (with --strict: no warnings either)',
    '1   something does not work as it stands',
    '2   there is nothing to check, or leitstand.yaml has mistakes',
    '5   no file of an attached stack can be read from here, and its program cannot be asked',
  ],
  run: async (context, input) => {
    const [directory, prometheus, alertmanager] = ['files', 'prometheus', 'alertmanager'].map((name) =>
      input.text(name),
    );
    const checked =
      directory === undefined && prometheus === undefined && alertmanager === undefined
        ? await (await import('../check/check-stack.ts')).checkStack(context)
        : await (await import('../check/check-files.ts')).checkFiles(context, {
            directory,
            prometheus,
            alertmanager,
            inContainers: input.flag('container'),
          });
    const { checkJson, checkText } = await import('../check/check-report.ts');
    const counted = checked.inspection.findings.filter(
      ({ severity }) => severity === 'error' || input.flag('strict'),
    );
    return {
      exit: counted.length > 0 ? EXIT.no : EXIT.ok,
      text: checkText(checked),
      json: checkJson(checked),
    };
  },
};
