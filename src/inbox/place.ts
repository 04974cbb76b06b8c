import { join } from 'node:path';

/** Where the inbox of a stack keeps what it needs for TLS. */
export function inboxFiles(stateDir: string): { readonly directory: string; readonly caFile: string } {
  const directory = join(stateDir, 'inbox');
  return { directory, caFile: join(directory, CA_FILE) };
}

/** For everybody: what a client trusts. */
export const CA_FILE = 'ca.pem';
