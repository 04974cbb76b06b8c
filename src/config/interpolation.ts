import { SecretReference } from '../stack/secret.ts';
import { type Finding, pathText } from './finding.ts';
import { quote } from './objections.ts';
import { coreScalar, type Part, parseReferences } from './references.ts';
import { acceptsText, isPublic, type Path, type Schema, takesSecret } from './schema-tree.ts';

const FORMS = 'write ${env:NAME} or ${secret:NAME}; for the characters ${ themselves write $${';

interface Scalar {
  readonly isPlain: boolean;
  readonly schemas: readonly Schema[];
  readonly path: Path;
  lookUp(name: string): string | undefined;
}

interface Problem extends Omit<Finding, 'span'> {
  /** The reference as written, to find its place. */
  readonly raw: string;
}

/**
 * Fills in the references of a text. A value that is one reference to the environment gets the type that YAML would
 * give the same characters unquoted, unless the field wants text.
 */
export function substitute(
  text: string,
  scalar: Scalar,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  if (!text.includes('${')) return { value: text, problems: [] };
  const parts = parseReferences(text);
  const problems: Problem[] = [];
  let value = '';
  for (const part of parts) {
    if (part.type === 'text') {
      value += part.text;
      continue;
    }
    const found =
      part.type === 'env'
        ? ((scalar.lookUp(part.name) || part.fallback) ?? scalar.lookUp(part.name))
        : undefined;
    if (found !== undefined) value += found;
    const problem = found === undefined ? problemWith(part, parts.length === 1, scalar) : undefined;
    if (problem) problems.push({ ...problem, raw: part.raw });
  }
  const [only] = parts;
  if (problems.length > 0 || parts.length > 1 || only === undefined || only.type === 'text')
    return { value, problems };
  if (only.type === 'secret') return { value: new SecretReference(only.name), problems };
  const isText = acceptsText(scalar.schemas) && !(scalar.isPlain && acceptsOtherThanText(scalar.schemas));
  return { value: isText ? value : coreScalar(value), problems };
}

function acceptsOtherThanText(schemas: readonly Schema[]): boolean {
  return schemas.some((schema) => !acceptsText([schema]));
}

function problemWith(
  part: Exclude<Part, { type: 'text' }>,
  isWhole: boolean,
  { schemas, path }: Scalar,
): Omit<Finding, 'span'> | undefined {
  const where = pathText(path);
  if (part.type === 'malformed') {
    const isShown = isPublic(schemas);
    const name = isShown ? /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(part.raw)?.[1] : undefined;
    return {
      code: 'LS-CONFIG-015',
      what: `${where} has a reference that cannot be understood${isShown ? `: ${quote(part.raw)}` : ''}`,
      fix:
        name === undefined
          ? FORMS
          : `did you mean $\{env:${name}}? For the characters $\{ themselves write $$\{`,
    };
  }
  if (part.type === 'env')
    return {
      code: 'LS-CONFIG-012',
      what: `${where} needs the environment variable ${part.name}, which is not set`,
      fix: `set ${part.name} in the environment or in .env beside the file, or give a default: $\{env:${part.name}:-value}`,
    };
  if (path[path[0] === 'environments' ? 2 : 0] === 'scrape_jobs')
    return {
      code: 'LS-CONFIG-014',
      what: `${where} takes no secret`,
      why: 'it is rendered into the configuration of Prometheus as it stands',
      fix: 'name a file that only you can read: Prometheus takes `password_file`, `credentials_file`, `bearer_token_file` and their like',
    };
  if (schemas.length > 0 && !takesSecret(schemas))
    return {
      code: 'LS-CONFIG-014',
      what: `${where} takes no secret`,
      why: 'its value appears in rendered files or messages',
      fix: `write the value itself, or $\{env:${part.name}}`,
    };
  if (!isWhole)
    return {
      code: 'LS-CONFIG-014',
      what: `${where} mixes a secret with other text`,
      fix: `put the whole text into the secret and write only $\{secret:${part.name}}`,
    };
  return undefined;
}
