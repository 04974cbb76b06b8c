import { EXIT } from '../../platform/exit-codes.ts';
import { ageOfProof, type Proof } from '../../stack/proof.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { chainText, verdictWord } from '../proof-text.ts';
import { formatAge, formatTime, table } from '../terminal.ts';

export const proofShowCommand: Command = {
  description: `One proof: what was claimed, how it was tested, what was measured, and what it does not prove. \`status\` names
the proof of each line.`,
  arguments: [{ name: 'id', description: 'as `leitstand status` or `proof list` shows it', required: true }],
  examples: [
    { command: 'leitstand proof show 13', shows: 'proof 13' },
    { command: 'leitstand proof show 13 --json > evidence.json', shows: 'the same as a file for auditors' },
  ],
  exits: ['0   it is as it was written', '1   the records were changed at it or before: it is not shown'],
  run: async (context, input) => {
    const id = Number(input.args[0]);
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const chain = session.history.proofs.verifyChain();
      if (chain.brokenAt !== undefined && id >= chain.brokenAt)
        return { exit: EXIT.no, text: chainText(chain), json: { chain: { ...chain } } };
      const proof = session.history.proofs.get(id);
      if (!proof)
        throw cliErrors.error('LS-CLI-003', {
          what: `there is no proof ${input.args[0] ?? ''}`,
          fix: 'leitstand proof list',
        });
      const { stringify } = await import('yaml');
      const facts = stringify(proof.facts, { lineWidth: 0 }).trimEnd();
      return {
        exit: EXIT.ok,
        text: proofText(proof, { facts, now: context.clock.now() }),
        json: JSON.parse(JSON.stringify({ ...proof, chain })),
      };
    } finally {
      session.close();
    }
  },
};

function proofText(proof: Proof, { facts, now }: { readonly facts: string; readonly now: Date }): string {
  const age = ageOfProof(proof, now);
  const state =
    age === undefined
      ? 'its time lies ahead: a clock was wrong'
      : `${formatAge(age)} ago, ${age > proof.ageLimitMs ? 'TOO OLD' : 'good'} for ${formatAge(proof.ageLimitMs)}`;
  return [
    table([
      ['proof', String(proof.id)],
      ['of', `${proof.kind} ${proof.subject}`],
      ['result', verdictWord(proof)],
      ['taken', `${formatTime(proof.at)}, ${state}`],
      ['method', proof.method],
      ...proof.notProven.map((text) => ['not proven', text]),
      ['hash', proof.hash],
      ['after', proof.previousHash],
    ]),
    '',
    facts,
  ].join('\n');
}
