import { isMap, parseDocument } from 'yaml';

/** What can be read of a file that has mistakes; a value with a reference in it counts as unreadable. */
export interface SalvagedConfig {
  readonly stack: string | undefined;
  /** null when the file does not say: the default holds. */
  readonly stateDir: string | null | undefined;
  readonly backupDirectory: string | null | undefined;
}

/** For stopping and looking at night, when the file is broken: never throws. */
export function salvageConfig(text: string): SalvagedConfig {
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
  const read = (path: readonly string[]) => {
    if (!isMap(document.contents)) return undefined;
    const value: unknown = document.getIn(path);
    if (value === undefined || value === null) return null;
    return typeof value === 'string' && !value.includes('${') ? value : undefined;
  };
  return {
    stack: read(['stack']) ?? undefined,
    stateDir: read(['state_dir']),
    backupDirectory: read(['backup', 'directory']),
  };
}
