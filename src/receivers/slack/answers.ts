import type { Secret } from '../../stack/secret.ts';

/** Where that is kept which has to be changed; for texts. */
export interface SlackPlaces {
  /** `the secret SLACK_WEBHOOK_URL` */
  readonly secret: string;
  /** What brings a change into force: `; then: leitstand up`. */
  readonly afterwards: string;
  /** `` `channel` of on-call slack[0] in leitstand.yaml `` */
  readonly channel: string;
  /** Command that shows the message: `leitstand alert preview on-call`. */
  readonly preview: string;
}

/** Of a receiver that is named already. */
export function placesWith({ label }: Secret): SlackPlaces {
  return {
    secret: `the ${label}`,
    afterwards: '; then: leitstand up',
    channel: '`channel`',
    preview: 'leitstand alert preview',
  };
}

/** What Slack answers when it does not take a message, and what to do about it. */
interface SlackAnswer {
  readonly meaning: string;
  fix(places: SlackPlaces): string;
}

const newWebhook: SlackAnswer['fix'] = ({ secret, afterwards }) =>
  `make a new webhook at https://api.slack.com/apps (your app, *Incoming Webhooks*) and put its URL into ${secret}${afterwards}`;
const newToken: SlackAnswer['fix'] = ({ secret, afterwards }) =>
  `copy the *Bot User OAuth Token* from https://api.slack.com/apps (your app, *OAuth & Permissions*) into ${secret}${afterwards}`;
const newScopes: SlackAnswer['fix'] = (places) =>
  `give the app the scopes chat:write (to post) and channels:history (to look) at https://api.slack.com/apps and install it again; then ${newToken(places)}`;
const invite: SlackAnswer['fix'] = ({ channel }) =>
  `invite the app into its channel (/invite @YOUR-APP there), or change ${channel}`;
const unarchive: SlackAnswer['fix'] = (places) => `unarchive it, or for another one ${newWebhook(places)}`;
const otherChannel: SlackAnswer['fix'] = ({ channel }) =>
  `correct ${channel}; into a private channel invite the app: /invite @YOUR-APP there`;
const texts: SlackAnswer['fix'] = ({ preview }) => `look at its \`title\` and \`text\`: ${preview}`;
const askAdministrator: SlackAnswer['fix'] = () =>
  'ask an administrator of the Slack workspace to let the app post in this channel';
const wait: SlackAnswer['fix'] = () =>
  'wait a minute and test again. If real alerts are lost so, let them wait for each other longer: `routing.group_wait`';
const tryAgain: SlackAnswer['fix'] = () => 'see https://slack-status.com, then test again';

/**
 * Of incoming webhooks (docs.slack.dev, "Sending messages using incoming webhooks", and the changelog of 2016-05-17; the
 * words about attachments and `no_text` are known from clients) and of chat.postMessage and conversations.history
 * (docs.slack.dev, reference of the methods).
 */
const ANSWERS: Readonly<Record<string, SlackAnswer>> = {
  invalid_payload: { meaning: 'the message is not understood', fix: texts },
  no_text: { meaning: 'the message says nothing', fix: texts },
  invalid_attachments: { meaning: 'the attachment is not understood', fix: texts },
  too_many_attachments: { meaning: 'more than 100 attachments', fix: texts },
  msg_too_long: { meaning: 'the message is too long', fix: texts },
  invalid_token: { meaning: 'the webhook was revoked, or its URL is not whole', fix: newWebhook },
  no_service: { meaning: 'the webhook does not exist, or was switched off', fix: newWebhook },
  no_service_id: { meaning: 'the URL of the webhook is not whole', fix: newWebhook },
  no_active_hooks: { meaning: 'the webhook was switched off', fix: newWebhook },
  no_team: { meaning: 'the Slack workspace of the webhook does not exist', fix: newWebhook },
  team_disabled: { meaning: 'the Slack workspace was switched off', fix: newWebhook },
  user_not_found: { meaning: 'the user the webhook writes to does not exist', fix: newWebhook },
  action_prohibited: { meaning: 'the Slack workspace forbids posts of this kind', fix: askAdministrator },
  posting_to_general_channel_denied: { meaning: 'only some may post to this channel', fix: askAdministrator },
  restricted_action: { meaning: 'the Slack workspace forbids posts of this kind', fix: askAdministrator },
  channel_not_found: { meaning: 'there is no such channel, or the app may not see it', fix: otherChannel },
  not_in_channel: { meaning: 'the app is not in the channel', fix: invite },
  channel_is_archived: { meaning: 'the channel is archived', fix: unarchive },
  is_archived: { meaning: 'the channel is archived', fix: unarchive },
  not_authed: { meaning: 'no token came with the message', fix: newToken },
  invalid_auth: { meaning: 'the token is not known', fix: newToken },
  token_revoked: { meaning: 'the token was revoked', fix: newToken },
  token_expired: { meaning: 'the token has expired', fix: newToken },
  account_inactive: { meaning: 'the app was removed from the Slack workspace', fix: newToken },
  missing_scope: { meaning: 'the app may not do this', fix: newScopes },
  rate_limited: { meaning: 'more than about one message a second', fix: wait },
  ratelimited: { meaning: 'more questions than the app may put', fix: wait },
  rollup_error: { meaning: 'Slack failed', fix: tryAgain },
  fatal_error: { meaning: 'Slack failed', fix: tryAgain },
  internal_error: { meaning: 'Slack failed', fix: tryAgain },
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
