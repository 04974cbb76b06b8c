import { EXIT } from '../../platform/exit-codes.ts';
import { plural } from '../terminal.ts';
import { formatSize } from '../../platform/units.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

const LEVELS = ['presence', 'stored', 'content'] as const;

export const backupVerifyCommand: Command = {
  description: `Reads the repository and holds it against its own records. \`presence\`: every object is there in its size;
\`stored\`: every stored byte hashes to its name; \`content\`: every file decodes to its own hash. Signatures of the
records are checked at each level. Damage is named with the paths it hits. What only a drill can tell is whether the
programs can use the data.`,
  options: [{ flags: '--level <level>', description: 'how deep', default: 'content', choices: LEVELS }],
  examples: [
    { command: 'leitstand backup verify', shows: 'everything, down to every file' },
    { command: 'leitstand backup verify --level presence', shows: 'quickly, without reading data' },
  ],
  exits: ['1   something is damaged, missing or altered', '10  there is no repository yet'],
  run: async (context, input) => {
    const { loadStackInNeed } = await import('../load-stack.ts');
    const { openStackRepository } = await import('../open-repository.ts');
    const stack = await loadStackInNeed(context);
    const repository = await openStackRepository(context, stack);
    const level = LEVELS.find((candidate) => candidate === input.text('level')) ?? 'content';
    const { findings, counts } = await repository.verify({ level, signal: context.signal });
    const summary = `${plural(counts.records, 'record')}, ${plural(counts.lists, 'list')}, ${plural(counts.packs, 'pack')}, ${plural(counts.files, 'file')}; ${formatSize(counts.bytesRead)} read (${level})`;
    return {
      exit: findings.length === 0 ? EXIT.ok : EXIT.no,
      text:
        findings.length === 0
          ? `Intact: ${summary}`
          : [
              table(findings.map(({ object, problem }) => [object, problem])),
              ...findings.flatMap(({ paths }) => paths.slice(0, 20).map((path) => `  hits ${path}`)),
              '',
              `DAMAGED: ${plural(findings.length, 'finding')} in ${summary}`,
            ].join('\n'),
      json: JSON.parse(JSON.stringify({ level, findings, counts })),
    };
  },
};
