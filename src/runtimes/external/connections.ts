import { readFile } from 'node:fs/promises';
import type { Connection } from '../../stack/connection.ts';
import { Secret } from '../../stack/secret.ts';
import type { Attachment } from '../../stack/stack.ts';
import { externalErrors } from './errors.ts';

/** Throws LS-EXTERNAL-007 for settings that cannot be meant. */
export async function connectionOf(name: string, attachment: Attachment): Promise<Connection> {
  const settings = `attach.${name}`;
  const authorization = authorizationOf(settings, attachment);
  const ca = attachment.caFile === undefined ? undefined : await readAuthorities(settings, attachment.caFile);
  return {
    url: attachment.url,
    settings,
    ...(authorization === undefined ? {} : { authorization }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function authorizationOf(settings: string, attachment: Attachment): Secret | undefined {
  const { username, password, bearerToken } = attachment;
  if (bearerToken !== undefined && (username !== undefined || password !== undefined)) {
    throw unusable(settings, 'both a user and a bearer token', 'keep the one that the program wants');
  }
  if ((username === undefined) !== (password === undefined)) {
    const missing = username === undefined ? 'username' : 'password';
    throw unusable(settings, `no \`${missing}\``, `add \`${missing}\`: basic authentication needs both`);
  }
  if (bearerToken !== undefined) {
    const token = bearerToken.reveal();
    // A header with a line break would be refused with a bare system error.
    if (!/^[\x21-\x7e]+$/.test(token))
      throw unusable(settings, 'a `bearer_token` with spaces or line breaks', `correct ${bearerToken.label}`);
    return new Secret(`Bearer ${token}`, bearerToken.label);
  }
  if (username === undefined || password === undefined) return undefined;
  const pair = Buffer.from(`${username}:${password.reveal()}`).toString('base64');
  return new Secret(`Basic ${pair}`, password.label);
}

async function readAuthorities(settings: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unusable(
      settings,
      `a \`ca_file\` that cannot be read: ${why}`,
      `correct \`ca_file\` under ${settings}`,
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw unusable(
    settings,
    `a \`ca_file\` without a certificate: ${path}`,
    'it must be a PEM file: -----BEGIN CERTIFICATE-----',
  );
}

function unusable(settings: string, what: string, fix: string) {
  return externalErrors.error('LS-EXTERNAL-007', { what: `${settings} has ${what}`, fix });
}
