import { type Fields, listOf, parseObject, textOf } from '../json.ts';
import { MAX_TEXT } from './sandbox.ts';

/** docs.slack.dev, reference of message attachments, as the SDK's MessageAttachment repeats it. */
const FOLDED_AT_CHARACTERS = 700;
const FOLDED_AT_BREAKS = 5;
const MAX_FOOTER = 300;
const FIELDS_SIDE_BY_SIDE = 3;
const MAX_BUTTONS = 5;
/** Alertmanager cuts longer titles to exactly this length. */
const MAX_TITLE = 1024;
/** docs.slack.dev: URLs of buttons. */
const MAX_URL = 3000;

/** What Slack would fold away, cut or leave out of a message. */
export function slackLimits(body: string): readonly string[] {
  const payload = parseObject(body);
  if (!payload) return ['it is no JSON object: Slack refuses it'];
  const attachments = listOf(payload, 'attachments');
  return [
    ...ignored(payload),
    ...(textOf(payload, 'text').length > MAX_TEXT ? [`the text is cut at ${MAX_TEXT} characters`] : []),
    ...attachments.flatMap(attachmentLimits),
  ];
}

/** With a token, Alertmanager is told to send no user name. */
function ignored(payload: Fields): string[] {
  const [channel, username] = [textOf(payload, 'channel'), textOf(payload, 'username')];
  if (channel === '' || username === '') return [];
  return [
    `the webhook of a Slack app posts to its own channel under its own name: \`channel\` (${channel}) counts for legacy webhooks only`,
  ];
}

function attachmentLimits(attachment: Fields): string[] {
  const words = textOf(attachment, 'text');
  const breaks = words.split('\n').length - 1;
  const title = textOf(attachment, 'title');
  const fields = listOf(attachment, 'fields').filter((field) => field['short'] === true).length;
  const buttons = listOf(attachment, 'actions').map((action) => textOf(action, 'url'));
  return [
    ...(words.length >= FOLDED_AT_CHARACTERS || breaks >= FOLDED_AT_BREAKS
      ? [
          `the text (${words.length} characters, ${breaks} line breaks) is folded: its end shows after "Show more"`,
        ]
      : []),
    ...(Array.from(title).length >= MAX_TITLE && title.endsWith('…')
      ? [`Alertmanager has cut the title at ${MAX_TITLE} characters`]
      : []),
    ...(textOf(attachment, 'footer').length > MAX_FOOTER
      ? [`the footer is cut at ${MAX_FOOTER} characters`]
      : []),
    ...(fields > FIELDS_SIDE_BY_SIDE
      ? [`${fields} short fields: more than ${FIELDS_SIDE_BY_SIDE} are hard to read`]
      : []),
    ...(buttons.length > MAX_BUTTONS ? [`${buttons.length} buttons: Slack shows ${MAX_BUTTONS}`] : []),
    ...(buttons.some((url) => url.length > MAX_URL)
      ? [`the URL of a button has more than ${MAX_URL} characters: Slack leaves it out`]
      : []),
  ];
}
