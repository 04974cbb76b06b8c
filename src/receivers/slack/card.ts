import type { CardLink, ChatCard } from '../../stack/card.ts';
import { decoded, readMrkdwn } from './mrkdwn.ts';
import { type Fields, listOf, parseObject, textOf } from '../json.ts';

/** Slack's own colours for its three words. */
const COLOURS: Readonly<Record<string, string>> = { good: '#2eb886', warning: '#daa038', danger: '#a30200' };

/** Undefined when the body is no message for Slack. */
export function slackCard(body: string): ChatCard | undefined {
  const payload = parseObject(body);
  if (!payload) return undefined;
  const [attachment = {}] = listOf(payload, 'attachments');
  const title = textOf(attachment, 'title');
  const footer = textOf(attachment, 'footer');
  const colour = colourOf(textOf(attachment, 'color'));
  return {
    kind: 'chat',
    author: textOf(payload, 'username') || 'Alertmanager',
    ...(title === '' ? {} : { title: link(title, textOf(attachment, 'title_link')) }),
    ...(colour === undefined ? {} : { colour }),
    text: [
      ...readMrkdwn(textOf(payload, 'text'), { isStyled: true }),
      ...['pretext', 'text'].flatMap((name) =>
        readMrkdwn(textOf(attachment, name), styleOf(attachment, name)),
      ),
    ],
    fields: listOf(attachment, 'fields').map((field) => ({
      title: decoded(textOf(field, 'title')),
      text: readMrkdwn(textOf(field, 'value'), styleOf(attachment, 'fields')),
    })),
    // Slack leaves out what leads nowhere (docs.slack.dev, legacy link buttons).
    buttons: listOf(attachment, 'actions')
      .map((action) => link(textOf(action, 'text'), textOf(action, 'url')))
      .filter(({ address = '' }) => URL.canParse(address)),
    ...(footer === '' ? {} : { footer: decoded(footer) }),
    notification: decoded(textOf(payload, 'text') || textOf(attachment, 'fallback')),
  };
}

function styleOf({ mrkdwn_in: names }: Fields, name: string): { readonly isStyled: boolean } {
  return { isStyled: Array.isArray(names) && names.includes(name) };
}

function link(words: string, address: string): CardLink {
  return { text: decoded(words), ...(address === '' ? {} : { address }) };
}

function colourOf(value: string): string | undefined {
  return COLOURS[value] ?? (/^#[0-9a-f]{3}(?:[0-9a-f]{3})?$/i.test(value) ? value : undefined);
}
