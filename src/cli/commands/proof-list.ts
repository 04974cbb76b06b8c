import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { limitOption, readLimit } from '../limit-option.ts';
import { chainText, verdictWord } from '../proof-text.ts';
import { formatAge, table } from '../terminal.ts';

export const proofListCommand: Command = {
  description: `What was tested and what came out, newest first. Then whether the records are as they were written: each is
chained to the one before by a hash.`,
  arguments: [
    {
      name: 'kind',
      description: 'only these: alert-delivery, backup, drill, recovery-key or verify',
      required: false,
    },
  ],
  options: [limitOption('how many at most')],
  examples: [
    { command: 'leitstand proof list', shows: 'the newest proofs' },
    { command: 'leitstand proof list drill --limit 100', shows: 'two years of weekly drills' },
    { command: 'leitstand proof show 13', shows: 'one of them, whole' },
  ],
  exits: ['0   the records are as they were written', '1   somebody changed them, or took some away'],
  run: async (context, input) => {
    const limit = readLimit(input, 'leitstand proof list');
    const [kind] = input.args;
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const { proofs } = session.history;
      const chain = proofs.verifyChain();
      const found = proofs.list({ kind, limit, before: chain.brokenAt });
      const now = context.clock.now().getTime();
      const rows = found.map((proof) => [
        String(proof.id),
        formatAge(now - Date.parse(proof.at)),
        formatAge(proof.ageLimitMs),
        proof.kind,
        proof.subject,
        verdictWord(proof),
      ]);
      const none =
        kind === undefined ? 'Nothing has been proven yet.' : `There is no proof of the kind ${kind}.`;
      return {
        exit: chain.ok ? EXIT.ok : EXIT.no,
        text: [
          found.length === 0 ? none : table([['ID', 'AGE', 'LIMIT', 'PROOF', 'OF', 'RESULT'], ...rows]),
          '',
          chainText(chain),
        ].join('\n'),
        json: JSON.parse(JSON.stringify({ chain, proofs: found })),
      };
    } finally {
      session.close();
    }
  },
};
