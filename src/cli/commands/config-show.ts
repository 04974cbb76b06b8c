import { EXIT } from '../../platform/exit-codes.ts';
import type { Origin } from '../../config/origin.ts';
import type { Command } from '../command.ts';
import { loadStackConfig, pluginSchemas } from '../load-stack.ts';
import { shownPath } from '../shown-path.ts';
import { table } from '../terminal.ts';

export const configShowCommand: Command = {
  description: `Prints every setting as it holds in the chosen environment: the file, the environment's overlay on top of it,
variables filled in, defaults added. Secrets are shown by name only.`,
  options: [
    { flags: '--origin', description: 'say of each value who wrote it: line, overlay, variable, default' },
  ],
  examples: [
    { command: 'leitstand config show --origin', shows: 'every setting and where it comes from' },
    { command: 'leitstand config show --env production', shows: 'what would hold in production' },
  ],
  run: async (context, input) => {
    const [{ shownValues }, { configSchema }, { pathText }] = await Promise.all([
      import('../../config/show.ts'),
      import('../../config/schema.ts'),
      import('../../config/finding.ts'),
    ]);
    const config = await loadStackConfig(context);
    const file = shownPath(context.cwd, config.file);
    const values = shownValues(config, configSchema(await pluginSchemas(context.catalog))).map((value) => ({
      key: pathText(value.path),
      value: value.text,
      origin: originText(value.origin, file),
    }));
    const rows = values.map(({ key, value, origin }) =>
      input.flag('origin') ? [key, value, origin] : [key, value],
    );
    return {
      exit: EXIT.ok,
      text: table(rows),
      json: { file: config.file, environment: config.document.environment, values },
    };
  },
};

function originText({ kind, line, environment, references }: Origin, file: string): string {
  if (kind === 'default') return 'default';
  if (kind === 'chosen') return '--env or LEITSTAND_ENV';
  const through = references.length === 0 ? '' : `, ${references.join(', ')}`;
  return `${file}:${line ?? '?'}${environment === undefined ? '' : ` (${environment})`}${through}`;
}
