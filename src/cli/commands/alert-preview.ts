import { PREVIEW_CASES } from '../../delivery/preview/report.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import type { Json } from '../../platform/canonical-json.ts';
import type { Command } from '../command.ts';
import { PAGE_OPTION, pageTarget, writePage } from '../page-file.ts';

export const alertPreviewCommand: Command = {
  description: `Shows what each integration would send, byte for byte: a real Alertmanager of the stack's version, started for a moment
with the stack's configuration, makes the messages, and stand-ins for the providers catch them on this machine. Nothing
is sent to anybody, no credentials are used, and what runs is not touched.
  firing    an alert fires                  bare     an alert without annotations
  resolved  the same alert is over          hostile  values that try to break out of the message
  many      50 alerts in one group          test     what \`leitstand alert test\` sends`,
  arguments: [{ name: 'receiver', description: 'only these receivers', required: false, variadic: true }],
  options: [
    {
      flags: '--case <name>',
      description: 'only this one',
      default: 'all',
      choices: ['all', ...PREVIEW_CASES],
    },
    { flags: '--alert <name>', description: 'the alert of a rule, shipped or yours, instead of an example' },
    { flags: '--labels <list>', description: 'labels that it has: `severity=critical,team=water`' },
    PAGE_OPTION,
  ],
  examples: [
    {
      command: 'leitstand alert preview --html preview.html',
      shows: 'everything, as a page for the browser',
    },
    { command: 'leitstand alert preview on-call --case firing', shows: 'one receiver, one message, as text' },
    {
      command: 'leitstand alert preview --alert TargetDown',
      shows: 'the alert of a rule, to whom it would go',
    },
    { command: 'leitstand alert preview --labels team=water', shows: 'an alert with this label' },
  ],
  exits: [
    '0   every message is one that its provider takes',
    '1   a message would be refused, or none came out, or there was nothing to show',
    '6   Alertmanager does not start with this configuration',
  ],
  run: async (context, input) => {
    const [{ makePreview }, { outlineText, previewText }] = await Promise.all([
      import('../preview/make-preview.ts'),
      import('../preview/preview-text.ts'),
    ]);
    const file = await pageTarget(context, input);
    const { report, stack, notes } = await makePreview(context, input);
    for (const note of notes) context.output.talk(`note: ${note}`);
    const exit = report.integrations.length === 0 ? EXIT.no : report.exit;
    const facts = JSON.parse(JSON.stringify({ ...report, notes })) as { readonly [key: string]: Json };
    if (file === undefined) return { exit, text: previewText(report), json: facts };
    const { previewPage } = await import('../../delivery/preview/page.ts');
    const { name, environment, language } = stack;
    await writePage(
      file,
      previewPage(report, { stack: name, environment, language, madeAt: context.clock.now() }),
    );
    return {
      exit,
      text: `${outlineText(report)}\nthe page: ${file.shown}`,
      json: { ...facts, page: file.path },
    };
  },
};
