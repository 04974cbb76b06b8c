import { isAlias, isMap, isScalar, parseDocument } from 'yaml';
import { ENVIRONMENTS, type EnvironmentName } from '../stack/stack.ts';

/** What can be read of a file that has mistakes; a value with a reference in it counts as unreadable. */
export interface SalvagedConfig {
  readonly stack: string | undefined;
  /** undefined: one is asked for that does not exist, or the file says it in a way that cannot be read. */
  readonly environment: EnvironmentName | undefined;
  /** In that environment; null when the file does not say: the default holds. */
  readonly stateDir: string | null | undefined;
  readonly backupDirectory: string | null | undefined;
  /** In S3. */
  readonly isBackupElsewhere?: true;
}

/**
 * For stopping and looking at night, when the file is broken: never throws. `asked`: what `--env` or LEITSTAND_ENV says.
 */
export function salvageConfig(text: string, asked?: string): SalvagedConfig {
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
  const read = (path: readonly string[]) => {
    if (!isMap(document.contents)) return undefined;
    const value: unknown = document.getIn(path);
    if (value === undefined || value === null) return null;
    return typeof value === 'string' && !value.includes('${') ? value : undefined;
  };
  const name = asked === undefined || asked === '' ? read(['environment']) : asked;
  const named = ENVIRONMENTS.find((each) => each === (name ?? (name === null ? 'local' : undefined)));
  // Without overlays the places are the same, whatever is asked for.
  const environment = named ?? (saying(document, ['environments']) === 'unsaid' ? 'local' : undefined);
  const place = (path: readonly string[]) => {
    if (environment === undefined) return undefined;
    const overlay = ['environments', environment, ...path];
    const said = saying(document, overlay);
    return said === 'unsaid' ? read(path) : said === 'said' ? read(overlay) : said;
  };
  const isElsewhere = isMap(document.contents) && environment && place(['backup', 's3']) !== null;
  return {
    stack: read(['stack']) ?? undefined,
    environment,
    stateDir: place(['state_dir']),
    backupDirectory: place(['backup', 'directory']),
    ...(isElsewhere ? { isBackupElsewhere: true } : {}),
  };
}

/** What an overlay says of a path: null takes out what the rest of the file says, undefined cannot be read. */
function saying(
  document: ReturnType<typeof parseDocument>,
  path: readonly string[],
): 'said' | 'unsaid' | null | undefined {
  for (let length = 1; length <= path.length; length++) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (node === undefined) return 'unsaid';
    if (isAlias(node)) return undefined;
    if (!isScalar(node) || node.value !== null) continue;
    // Written out, or nothing behind the colon: an empty mapping, or a mistake where text is wanted.
    const isWritten = (node.source ?? '') !== '';
    if (length > 2 && isWritten) return null;
    return length < path.length ? 'unsaid' : undefined;
  }
  return 'said';
}
