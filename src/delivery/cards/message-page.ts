import { html } from '../../platform/html.ts';
import type { Language } from '../../stack/language.ts';
import type { AnyReceiverPlugin } from '../../stack/receiver.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';
import { messageHtml, type ShownMessage } from './message-html.ts';
import { cardPage } from './page.ts';

/** As the plug-in of its type reads it. */
export async function readMessage<Message extends ShownMessage['message']>(
  message: Message,
  plugins: readonly AnyReceiverPlugin[],
): Promise<ShownMessage & { readonly message: Message }> {
  const plugin = plugins.find(({ sandbox }) => sandbox?.type === message.type);
  const [card, findings = []] = await Promise.all([
    plugin?.card?.(message.body),
    plugin?.limits?.(message.body),
  ]);
  return { message, ...(card === undefined ? {} : { card }), findings };
}

/** One message of the inbox as a file that needs nothing else. */
export function messagePage(
  shown: ShownMessage & { readonly message: InboxMessage },
  language: Language,
): string {
  const { id, type, receivedAt, title } = shown.message;
  return cardPage({
    title: title || type,
    language,
    style: '.single { max-width: 44rem; margin: 0 auto; } .single main, .single header { max-width: none; }',
    body: html`<div class="single"><header><h1>${type} <span>${id} · ${receivedAt}</span></h1></header>
<main>${messageHtml(shown, language)}</main></div>`,
  });
}
