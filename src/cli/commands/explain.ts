import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';

export const explainCommand: Command = {
  description: 'Every error carries a code. This says what stands behind one, and what to do about it.',
  arguments: [{ name: 'code', description: 'such as LS-CONFIG-004; without it, all codes', required: false }],
  examples: [
    { command: 'leitstand explain LS-DEPLOY-003', shows: 'one code' },
    { command: 'leitstand explain', shows: 'all codes, a line each' },
  ],
  run: async (context, input) => {
    const kinds = await context.catalog.errorKinds();
    const wanted = input.args[0]?.toUpperCase();
    if (wanted === undefined) {
      const lines = [...kinds].map(([code, { title }]) => `${code}  ${title}`).sort();
      return { exit: EXIT.ok, text: lines.join('\n'), json: [...kinds.keys()].sort() };
    }
    const kind = kinds.get(wanted);
    if (!kind) {
      throw cliErrors.error('LS-CLI-003', {
        what: `there is no error code ${wanted}`,
        fix: 'leitstand explain lists them all',
      });
    }
    return {
      exit: EXIT.ok,
      text: `${wanted}: ${kind.title}  (exit ${kind.exit})\n\n${wrap(kind.explanation, 90)}`,
      json: { code: wanted, exit: kind.exit, title: kind.title, explanation: kind.explanation },
    };
  },
};

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
