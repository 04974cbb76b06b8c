import type { SandboxAddress } from '../stack/receiver.ts';
import { Secret } from '../stack/secret.ts';
import { receiverErrors } from './errors.ts';

/** The URL in a secret. Throws LS-RECEIVER-001, which does not show the value. */
export function destinationUrl(secret: Secret, whose: string): URL {
  const value = secret.reveal();
  const problem = objectToDestination(value);
  if (problem !== undefined) {
    throw receiverErrors.error('LS-RECEIVER-001', {
      what: `${whose}: the ${secret.label} is not the URL it has to be`,
      why: problem,
      fix: `put the whole URL, beginning with https://, into the ${secret.label}`,
    });
  }
  return new URL(value);
}

/** What is wrong with the form of a URL that is a secret; undefined: nothing. Never quotes it. */
export function objectToDestination(value: string): string | undefined {
  if (value.includes('${')) return 'it holds a `${`: a variable that nobody replaced';
  if (/\s/.test(value)) return 'it holds white space';
  if (!URL.canParse(value)) return 'it does not read as a URL';
  const { protocol } = new URL(value);
  return protocol === 'https:' || protocol === 'http:' ? undefined : `it begins with ${protocol}`;
}

/** A place in the inbox that stands in for the provider's URL. */
export function sandboxSecret({ hostPort }: SandboxAddress, path: string): Secret {
  return new Secret(`http://${hostPort}${path}`, 'URL of the inbox');
}
