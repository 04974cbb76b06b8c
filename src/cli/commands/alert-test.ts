import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';

export const alertTestCommand: Command = {
  description: `Sends a marked test alert through the real Alertmanager to every receiver and follows it: posted, routed, sent,
received. Each integration gets a verdict with its evidence; the alert is resolved afterwards, also on Ctrl-C.
  CONFIRMED         the message arrived: seen in the inbox, or found by asking the provider
  ACCEPTED          the provider took it; whether a person saw it is not known
  SENT-UNCONFIRMED  sent, but nothing says that it was taken
  MUTED             a silence, an inhibition or a time interval holds it back
  NOT-ROUTED        no route leads to this receiver
  FAILED            lost on the way: the stage, the reason and a fix are named
Before anything is sent: whether Alertmanager is ready and has loaded the configuration of leitstand.yaml, whether it can
read its secrets, and what would hold the test back.`,
  arguments: [{ name: 'receiver', description: 'only these receivers', required: false, variadic: true }],
  options: [
    { flags: '--timeout <duration>', description: 'how long to wait for it', default: '15s' },
    {
      flags: '--min-verdict <verdict>',
      description: 'the least that every integration must reach for exit 0',
      default: 'accepted',
      choices: ['confirmed', 'accepted', 'sent'],
    },
    {
      flags: '--route <labels>',
      description: 'an alert with these labels (team=water,severity=critical), whoever takes it',
    },
    { flags: '--every-route', description: 'each route once, rather than each receiver once' },
    {
      flags: '--from-prometheus',
      description: 'a rule raises it: proves scraping, the rule and the way to Alertmanager as well',
    },
    {
      flags: '--direct',
      description: 'sends from here, past Alertmanager: proves the credentials only, and no receiver',
    },
    {
      flags: '--alertmanager <url>',
      description: 'this Alertmanager, without a leitstand.yaml; again for each member of a cluster',
      repeatable: true,
    },
    { flags: '--state <directory>', description: 'with --alertmanager: where the test is recorded' },
    {
      flags: '--peer-timeout <duration>',
      description: "how long a cluster's member waits for another: its --cluster.peer-timeout",
      default: '15s',
    },
    { flags: '--drill', description: 'says in the message that it is the drill of the schedule' },
    {
      flags: '--wait-seen <duration>',
      description: 'waits so long for people to say that they saw it (alert_test.public_url)',
    },
    { flags: '--dry-run', description: 'only show who would be told, and by which labels; sends nothing' },
  ],
  examples: [
    { command: 'leitstand alert test', shows: 'every receiver' },
    { command: 'leitstand alert test --dry-run', shows: 'who would be told; sends nothing' },
    { command: 'leitstand alert test on-call --timeout 60s', shows: 'one receiver, with patience' },
    {
      command: 'leitstand alert test --route team=water,severity=critical',
      shows: 'who takes such an alert',
    },
    { command: 'leitstand alert test --from-prometheus on-call', shows: 'the whole way, from a rule on' },
    { command: 'leitstand alert test --direct', shows: 'are the credentials right?' },
    {
      command: 'leitstand alert test --alertmanager http://am-1:9093 --alertmanager http://am-2:9093',
      shows: "somebody's cluster: one copy each?",
    },
  ],
  exits: [
    '0   every integration reaches --min-verdict',
    '1   one does not, or what runs is not what `leitstand up` gave to Alertmanager',
    '4   Alertmanager refuses the credentials',
    '5   it cannot be asked; with --direct: there is nothing to send to',
  ],
  run: async (context, input) => {
    const { alertTestOptions } = await import('../alert-test/options.ts');
    const { audienceText, reportText } = await import('../alert-test/texts.ts');
    const options = alertTestOptions(input, context);
    const report =
      options.alertmanagers.length > 0
        ? await (await import('../alert-test/without-file.ts')).testWithoutFile(context, options)
        : await (await import('../alert-test/with-stack.ts')).testStack(context, options);
    const json = JSON.parse(JSON.stringify(report));
    return 'nonce' in report
      ? { exit: report.exit, text: reportText(report, options.standard), json }
      : { exit: EXIT.ok, text: audienceText(report), json };
  },
};
