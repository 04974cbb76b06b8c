import type { Json } from '../../platform/canonical-json.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { pluginSchemas } from '../load-stack.ts';

export const configSchemaCommand: Command = {
  description: `Prints the JSON Schema (draft 7) of leitstand.yaml. Save it beside the file and name it in the first line,
and editors complete and check as you type:
  # yaml-language-server: $schema=leitstand.schema.json`,
  examples: [{ command: 'leitstand config schema > leitstand.schema.json', shows: 'for the editor' }],
  run: async (context) => {
    const { configJsonSchema } = await import('../../config/json-schema.ts');
    const schema = configJsonSchema(await pluginSchemas(context.catalog));
    return { exit: EXIT.ok, text: JSON.stringify(schema, null, 2), json: schema as Json };
  },
};
