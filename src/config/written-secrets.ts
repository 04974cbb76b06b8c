import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { configSchema, type PluginSchemas } from './schema.ts';
import { childSchemas, isSecretField, type Path, type Schema } from './schema-tree.ts';
import { mayBeSecret } from './secret-keys.ts';

/**
 * Lines (from 1) of an accepted file on which a secret is written out instead of being named by `${secret:NAME}`: in
 * fields for secrets, and where one stands in the formats of Prometheus and Alertmanager.
 */
export function linesWithSecrets(text: string, schemas: PluginSchemas): number[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
  const found: number[] = [];
  const visit = (node: unknown, at: readonly Schema[], path: Path) => {
    if (isMap(node)) {
      for (const { key: name, value } of node.items) {
        const word = isScalar(name) ? String(name.value) : '';
        visit(value, childSchemas(at, word), [...path, word]);
      }
    } else if (isSeq(node)) {
      for (const item of node.items) visit(item, childSchemas(at, 0), path);
    } else if (isScalar(node) && typeof node.value === 'string' && node.range) {
      const isSecret = isSecretField(at) || (node.value !== '' && mayBeSecret(path, node.value));
      if (isSecret && !/^\$\{(?:secret|env):[^}]*\}$/.test(node.value))
        found.push(lines.linePos(node.range[0]).line);
    }
  };
  visit(document.contents, [configSchema(schemas)], []);
  return found;
}
