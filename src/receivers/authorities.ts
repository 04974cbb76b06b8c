import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { systemErrorCode } from '../platform/errors.ts';
import { receiverErrors } from './errors.ts';

/**
 * PEM text of the authorities whose signature counts, as for Alertmanager: those of the file alone, else those of the
 * system; undefined where the system names none. Rejects with LS-RECEIVER-014 when the file cannot be read.
 */
export async function authorities(
  caFile: string | undefined,
  { whose, server }: { readonly whose: string; readonly server: string },
): Promise<string | undefined> {
  if (caFile === undefined) return getCACertificates('system').join('\n') || undefined;
  try {
    return await readFile(caFile, 'utf8');
  } catch (error) {
    throw receiverErrors.error('LS-RECEIVER-014', {
      what: `${whose}: the authority of ${server} is not known`,
      why: `${caFile} cannot be read (${systemErrorCode(error) ?? 'for no reason that it names'})`,
      fix: 'correct `ca_file`; that of the inbox is made when it first starts: leitstand up',
      cause: error,
    });
  }
}
