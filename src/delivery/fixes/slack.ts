import type { Target } from '../target.ts';
import { type Fix, hostOf, secretOf, settingOf, thenApply } from './fix.ts';

const newWebhook = (target: Target) =>
  `make a new webhook at https://api.slack.com/apps (your app, *Incoming Webhooks*) and put its URL into ${secretOf(target)}${thenApply(target)}`;
const newToken = (target: Target) =>
  `copy the *Bot User OAuth Token* from https://api.slack.com/apps (your app, *OAuth & Permissions*) into ${secretOf(target)}${thenApply(target)}`;

/** Slack's own words: docs.slack.dev, "Sending messages using incoming webhooks", and those of chat.postMessage. */
export const SLACK_FIXES: readonly Fix[] = [
  [/invalid_token|no_service|no_active_hooks|no_team|team_disabled|user_not_found/, newWebhook],
  [/not_authed|invalid_auth|token_revoked|token_expired|account_inactive/, newToken],
  [
    /missing_scope/,
    (target) =>
      `give the app the scope chat:write at https://api.slack.com/apps and install it again; ${newToken(target)}`,
  ],
  [
    /not_in_channel/,
    (target) =>
      `invite the app into its channel (/invite @YOUR-APP there), or change ${settingOf('channel', target)}`,
  ],
  [
    /channel_not_found|channel_is_archived|is_archived|\b410\b/,
    (target) => `its channel is gone or archived: unarchive it, or for another one ${newWebhook(target)}`,
  ],
  [
    /action_prohibited|restricted_action|posting_to_general_channel_denied/,
    () => 'the Slack workspace forbids such posts: ask its administrator to let the app post in this channel',
  ],
  [
    /invalid_payload|no_text|invalid_attachments|too_many_attachments|msg_too_long|\b413\b/,
    (target) =>
      `Slack refuses the message itself: look at \`title\` and \`text\` of ${target.receiver} (leitstand alert preview ${target.receiver})`,
  ],
  [
    /rate_?limited|\b429\b|rateLimited/,
    () =>
      'Slack takes about one message a second: wait a minute and test again. If real alerts are lost so, group them more: `routing.group_by` takes in fewer labels, `group_wait` is longer',
  ],
  [
    /rollup_error|fatal_error|internal_error/,
    () => 'Slack itself has a problem: see https://slack-status.com, then test again',
  ],
  [
    /received an error response|<html|<!doctype/i,
    (target) =>
      `something else than Slack answered in its place: a proxy or its login page. Let ${hostOf(target)} through, or name the proxy in \`proxy_url\``,
  ],
  [/\b40[134]\b|authError/, newWebhook],
];
