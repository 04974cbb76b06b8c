/** What Slack answers when it does not take a message, and what to do about it. */
export interface SlackAnswer {
  readonly meaning: string;
  readonly fix: string;
}

const NEW_WEBHOOK =
  'make a new webhook at https://api.slack.com/apps (your app, *Incoming Webhooks*) and put its URL into the secret';
const NEW_TOKEN =
  'copy the *Bot User OAuth Token* from https://api.slack.com/apps (your app, *OAuth & Permissions*) into the secret';
const INVITE = 'invite the app into the channel: /invite @YOUR-APP there';
const OTHER_CHANNEL = 'choose another channel, or unarchive this one';
const TEXTS = 'look at `title` and `text` of this receiver: leitstand alert preview';
const ASK_ADMIN = 'ask an administrator of the Slack workspace to let the app post there';
const WAIT = 'wait a minute, and let alerts be grouped more (`routing.group_wait`)';
const TRY_AGAIN = 'try again; if it stays: https://slack-status.com';

/**
 * Of incoming webhooks (docs.slack.dev, "Sending messages using incoming webhooks", and the changelog of 2016-05-17; the
 * words about attachments and `no_text` are known from clients) and of chat.postMessage and conversations.history
 * (docs.slack.dev, reference of the methods).
 */
const ANSWERS: Readonly<Record<string, SlackAnswer>> = {
  invalid_payload: { meaning: 'the message is not understood', fix: TEXTS },
  no_text: { meaning: 'the message says nothing', fix: TEXTS },
  invalid_attachments: { meaning: 'the attachment is not understood', fix: TEXTS },
  too_many_attachments: { meaning: 'more than 100 attachments', fix: TEXTS },
  msg_too_long: { meaning: 'the message is too long', fix: TEXTS },
  invalid_token: { meaning: 'the webhook was revoked, or its URL is not whole', fix: NEW_WEBHOOK },
  no_service: { meaning: 'the webhook does not exist, or was switched off', fix: NEW_WEBHOOK },
  no_service_id: { meaning: 'the URL of the webhook is not whole', fix: NEW_WEBHOOK },
  no_active_hooks: { meaning: 'the webhook was switched off', fix: NEW_WEBHOOK },
  no_team: { meaning: 'the Slack workspace of the webhook does not exist', fix: NEW_WEBHOOK },
  team_disabled: { meaning: 'the Slack workspace was switched off', fix: NEW_WEBHOOK },
  user_not_found: { meaning: 'the user the webhook writes to does not exist', fix: NEW_WEBHOOK },
  action_prohibited: { meaning: 'the Slack workspace forbids posts of this kind', fix: ASK_ADMIN },
  posting_to_general_channel_denied: { meaning: 'only some may post to this channel', fix: ASK_ADMIN },
  restricted_action: { meaning: 'the Slack workspace forbids posts of this kind', fix: ASK_ADMIN },
  channel_not_found: {
    meaning: 'there is no such channel, or the app may not see it',
    fix: `check \`channel\`; of a private channel: ${INVITE}`,
  },
  not_in_channel: { meaning: 'the app is not in the channel', fix: INVITE },
  channel_is_archived: { meaning: 'the channel is archived', fix: OTHER_CHANNEL },
  is_archived: { meaning: 'the channel is archived', fix: OTHER_CHANNEL },
  not_authed: { meaning: 'no token came with the message', fix: NEW_TOKEN },
  invalid_auth: { meaning: 'the token is not known', fix: NEW_TOKEN },
  token_revoked: { meaning: 'the token was revoked', fix: NEW_TOKEN },
  token_expired: { meaning: 'the token has expired', fix: NEW_TOKEN },
  account_inactive: { meaning: 'the app was removed from the Slack workspace', fix: NEW_TOKEN },
  missing_scope: {
    meaning: 'the app may not do this',
    fix: 'give the app the scopes chat:write (to post) and channels:history (to look), reinstall it, and copy the token anew',
  },
  rate_limited: { meaning: 'more than about one message a second', fix: WAIT },
  ratelimited: { meaning: 'more questions than the app may put', fix: WAIT },
  rollup_error: { meaning: 'Slack failed', fix: TRY_AGAIN },
  fatal_error: { meaning: 'Slack failed', fix: TRY_AGAIN },
  internal_error: { meaning: 'Slack failed', fix: TRY_AGAIN },
};

export const SLACK_WORDS: readonly string[] = Object.keys(ANSWERS);

/** Words that say that the credentials are to blame, rather than the message. */
const ABOUT_CREDENTIALS: ReadonlySet<string> = new Set([
  'not_authed',
  'invalid_auth',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'missing_scope',
  'not_in_channel',
  'channel_not_found',
]);

export function slackAnswer(word: string): SlackAnswer | undefined {
  return Object.hasOwn(ANSWERS, word) ? ANSWERS[word] : undefined;
}

export function isAboutCredentials(word: string): boolean {
  return ABOUT_CREDENTIALS.has(word);
}

/** The word in an answer: the whole of a webhook's, `error` of the API's; undefined when it is something else. */
export function errorWord(body: string): string | undefined {
  const text = body.trim();
  if (/^[a-z_]{2,60}$/.test(text)) return text;
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' && /^[a-z_]{2,60}$/.test(error) ? error : undefined;
  } catch {
    return undefined;
  }
}
