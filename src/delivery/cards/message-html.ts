import { type Html, html, type HtmlValue } from '../../platform/html.ts';
import type { MessageCard } from '../../stack/card.ts';
import type { Language } from '../../stack/language.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';
import { cardHtml } from './card-html.ts';
import { CARD_WORDS } from './words.ts';

export interface ShownMessage {
  readonly message: Pick<
    InboxMessage,
    'type' | 'path' | 'headers' | 'body' | 'replyStatus' | 'accepted' | 'problems' | 'title' | 'text'
  >;
  /** Absent where the message is none that a plug-in can read. */
  readonly card?: MessageCard | undefined;
  /** What the provider would cut or fold away. */
  readonly findings: readonly string[];
}

/** The message as people see it, what is to be said about it, and its bytes. */
export function messageHtml({ message, card, findings }: ShownMessage, language: Language): Html {
  const words = CARD_WORDS[language];
  return html`${cardHtml(card ?? plainCard(message), language)}
${!message.accepted && noteHtml('bad', words.refused, message.problems)}
${findings.length > 0 && noteHtml('warn', words.worthKnowing, findings)}
<details class="sent"><summary>${words.asSent}</summary><pre tabindex="0">${asSent(message)}</pre></details>`;
}

export function noteHtml(look: 'bad' | 'warn' | 'quiet', title: string, lines: readonly string[]): Html {
  return html`<div class="note ${look}"><b>${title}</b><ul>${lines.map((line) => html`<li>${codeHtml(line)}</li>`)}</ul></div>`;
}

/** What stands between backticks is code. */
export function codeHtml(text: string): HtmlValue {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}

function plainCard({ type, title, text }: ShownMessage['message']): MessageCard {
  const facts = text === '' ? [] : [{ name: title === '' ? '' : title, value: text }];
  return { kind: 'data', title: type, facts, data: undefined };
}

/** Headers as they came, the body as people can read it. */
function asSent({ type, path, headers, body, replyStatus }: ShownMessage['message']): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${type} ${path} → ${replyStatus}\n${lines.join('\n')}\n\n${readableBody(body)}`;
}

function readableBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
