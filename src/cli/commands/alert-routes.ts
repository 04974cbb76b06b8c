import { EXIT } from '../../platform/exit-codes.ts';
import type { Command, CommandContext, CommandResult } from '../command.ts';
import type { AlertRoutesOptions } from '../alert-routes/options.ts';
import type { Subject } from '../alert-routes/sources.ts';

export const alertRoutesCommand: Command = {
  description: `Who gets an alert, now and at any other time: after the configuration that Alertmanager decides by, with its
order, its time intervals and its inhibitions. Without labels it shows every route; with labels who is told about such an
alert; with --rules it goes through every rule, now, in the night of Sunday and in working hours. Sends nothing, and needs
no program to run. Silences are not looked at.`,
  arguments: [
    {
      name: 'label',
      description: 'labels of an alert: severity=critical team=water',
      required: false,
      variadic: true,
    },
  ],
  options: [
    {
      flags: '--at <time>',
      description: "also at this time: 'Sunday 03:00'; may be given again",
      repeatable: true,
    },
    { flags: '--rules', description: 'every rule: who is told about it' },
    { flags: '--alertmanager <url>', description: 'of this Alertmanager, without a leitstand.yaml' },
    { flags: '--config <file>', description: "of this file, Alertmanager's own" },
    { flags: '--files <directory>', description: 'of the files in it, Alertmanager and rules' },
  ],
  examples: [
    { command: 'leitstand alert routes', shows: 'every route, its receiver and its hours' },
    {
      command: "leitstand alert routes severity=critical team=water --at 'Sunday 03:00'",
      shows: 'does anybody hear of it at night?',
    },
    { command: 'leitstand alert routes --rules', shows: 'which rule reaches whom, and which nobody' },
    {
      command: 'leitstand alert routes severity=page --alertmanager http://am:9093',
      shows: "somebody's Alertmanager",
    },
  ],
  exits: [
    '0   somebody is told at every time that was asked for; with --rules: every rule reaches somebody',
    '1   nobody is told at one of the times; with --rules: a rule reaches nobody',
    '2   the words, a file or leitstand.yaml are not understood',
    '4   Alertmanager refuses the credentials',
    '5   it cannot be asked',
  ],
  run: async (context, input) => {
    const { alertRoutesOptions } = await import('../alert-routes/options.ts');
    const { subjectOf } = await import('../alert-routes/sources.ts');
    const options = alertRoutesOptions(input, context);
    return answer(context, await subjectOf(context, input), options);
  },
};

async function answer(
  { clock }: CommandContext,
  subject: Subject,
  { question, times }: AlertRoutesOptions,
): Promise<CommandResult> {
  const { source, from } = subject;
  const [texts, json] = await Promise.all([
    import('../alert-routes/texts.ts'),
    import('../alert-routes/json.ts'),
  ]);
  const now = clock.now();
  const result = (
    exit: CommandResult['exit'],
    text: string,
    content: CommandResult['json'],
  ): CommandResult => ({
    exit,
    text,
    json: { from, ...(content as Record<string, CommandResult['json']>) },
  });
  if (question.kind === 'table')
    return result(EXIT.ok, texts.routesText(source, now), json.routesJson(source));
  if (question.kind === 'rules') {
    const { answerRules } = await import('../../delivery/routing/rules.ts');
    const answers = answerRules(
      source,
      await subject.rules(),
      times.map(({ at }) => at),
    );
    const isLost = answers.some(({ reachesNobody }) => reachesNobody);
    return result(
      isLost ? EXIT.no : EXIT.ok,
      texts.rulesText(answers, times, now),
      json.rulesJson(answers, times),
    );
  }
  const { allKnown, possibleInhibitions, tellerOf } = await import('../../delivery/routing/told.ts');
  const valueOf = allKnown(question.labels);
  const teller = tellerOf(source);
  const found = {
    labels: question.labels,
    times: times.map((time) => ({ time, told: teller.told(valueOf, time.at) })),
    inhibitions: possibleInhibitions(source, valueOf),
  };
  const isTold = found.times.every(({ told }) => told.some(({ state }) => state === 'told'));
  return result(isTold ? EXIT.ok : EXIT.no, texts.labelsText(found, now), json.labelsJson(found));
}
