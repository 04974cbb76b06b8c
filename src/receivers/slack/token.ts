import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';

/** docs.slack.dev, "Tokens": bot tokens begin with xoxb-. */
const BOT_TOKEN = /^xoxb-[A-Za-z0-9-]{6,}$/;

/** Undefined: it may be a bot token. Never quotes the value. */
export function objectToToken(value: string): string | undefined {
  if (value.includes('${')) return 'it holds a `${`: a variable that nobody replaced';
  if (BOT_TOKEN.test(value)) return undefined;
  if (/^https?:/.test(value)) return 'it is a URL';
  if (value.startsWith('xapp-')) return 'it is an app-level token, which cannot post';
  if (value.startsWith('xoxp-')) return 'it is the token of a user, and not of a bot';
  return 'it does not begin with xoxb-, or is not whole';
}

/** Throws LS-RECEIVER-004, which does not show the value. */
export function refuseOtherTokens(secret: Secret, whose: string): void {
  const why = objectToToken(secret.reveal());
  if (why === undefined) return;
  throw receiverErrors.error('LS-RECEIVER-004', {
    what: `${whose}: the ${secret.label} is not the token of a bot`,
    why,
    fix: `copy the *Bot User OAuth Token* from https://api.slack.com/apps (your app, *OAuth & Permissions*) into the ${secret.label}`,
  });
}
