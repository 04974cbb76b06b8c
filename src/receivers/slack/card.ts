import type { CardLink, ChatCard } from '../../stack/card.ts';
import { decoded, readMrkdwn } from './mrkdwn.ts';
import { type Fields, listOf, parseObject, text } from './payload.ts';

/** Slack's own colours for its three words. */
const COLOURS: Readonly<Record<string, string>> = { good: '#2eb886', warning: '#daa038', danger: '#a30200' };

/** Undefined when the body is no message for Slack. */
export function slackCard(body: string): ChatCard | undefined {
  const payload = parseObject(body);
  if (!payload) return undefined;
  const [attachment = {}] = listOf(payload, 'attachments');
  const title = text(attachment, 'title');
  const footer = text(attachment, 'footer');
  const colour = colourOf(text(attachment, 'color'));
  return {
    kind: 'chat',
    author: text(payload, 'username') || 'Alertmanager',
    ...(title === '' ? {} : { title: link(title, text(attachment, 'title_link')) }),
    ...(colour === undefined ? {} : { colour }),
    text: [
      ...readMrkdwn(text(payload, 'text'), { isStyled: true }),
      ...['pretext', 'text'].flatMap((name) => readMrkdwn(text(attachment, name), styleOf(attachment, name))),
    ],
    fields: listOf(attachment, 'fields').map((field) => ({
      title: decoded(text(field, 'title')),
      text: readMrkdwn(text(field, 'value'), styleOf(attachment, 'fields')),
    })),
    // Slack leaves out what leads nowhere (docs.slack.dev, legacy link buttons).
    buttons: listOf(attachment, 'actions')
      .map((action) => link(text(action, 'text'), text(action, 'url')))
      .filter(({ address = '' }) => URL.canParse(address)),
    ...(footer === '' ? {} : { footer: decoded(footer) }),
    notification: decoded(text(payload, 'text') || text(attachment, 'fallback')),
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
