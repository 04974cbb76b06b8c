import { open } from 'node:fs/promises';
import { type LeitstandError, systemErrorCode } from '../platform/errors.ts';
import { configErrors } from './errors.ts';

/** Text of a file with the bits that let others read it. */
export interface ReadFile {
  readonly text: string;
  readonly isOpenToOthers: boolean;
}

/** The file's text; undefined when there is none; an error without its content when it cannot be had. */
export async function readConfigFile(
  path: string,
  code: 'LS-CONFIG-002' | 'LS-CONFIG-013',
): Promise<ReadFile | LeitstandError | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      // Of the open file, not of the path: nobody can put another one there in between.
      const { mode } = await handle.stat();
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
      return { text, isOpenToOthers: (mode & 0o077) !== 0 };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const system = systemErrorCode(error);
    if (system === 'ENOENT' || system === 'ENOTDIR') return undefined;
    return unreadable(path, code, system);
  }
}

function unreadable(
  path: string,
  code: 'LS-CONFIG-002' | 'LS-CONFIG-013',
  system: string | undefined,
): LeitstandError {
  const where = { file: path };
  if (system === 'EACCES' || system === 'EPERM')
    return configErrors.error(code, {
      what: 'this user may not read the file',
      fix: `as its owner: chmod u+r ${path}; or run leitstand as the user that owns it`,
      where,
    });
  if (system === 'EISDIR')
    return configErrors.error(code, { what: 'a file is needed here, and this is a directory', where });
  if (system === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return configErrors.error(code, { what: 'the file is not UTF-8 text', fix: 'save it as UTF-8', where });
  return configErrors.error(code, { what: `the file cannot be read: ${system ?? 'unknown reason'}`, where });
}
