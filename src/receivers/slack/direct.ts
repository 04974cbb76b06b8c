import type { LeitstandError } from '../../platform/errors.ts';
import type { HttpResponse } from '../../platform/http.ts';
import type { DirectMessage, DirectSender } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';
import { askProvider, quoted } from '../exchange.ts';
import { errorWord, placesWith, slackAnswer } from './answers.ts';
import { parseObject } from '../json.ts';

export interface SlackAddress {
  /** The webhook's URL, or that of chat.postMessage. */
  readonly url: URL;
  /** The webhook's URL, or the bot token. */
  readonly secret: Secret;
  /** With the token only. */
  readonly channel?: string | undefined;
  readonly whose: string;
  readonly caFile?: string | undefined;
}

/** One message to the webhook, or to chat.postMessage with the bot token. */
export function slackDirect({ url, secret, channel, whose, caFile }: SlackAddress): DirectSender {
  return {
    send: async (message) => {
      const response = await askProvider({
        url,
        whose,
        headers: channel === undefined ? {} : { authorization: `Bearer ${secret.reveal()}` },
        body: payloadOf(message, channel),
        secrets: [secret],
        caFile,
        signal: message.signal,
      });
      if (isTaken(response)) return 'ok';
      throw refused(response, whose, secret);
    },
  };
}

/** In the shape of Alertmanager's messages. */
function payloadOf({ title, text }: DirectMessage, channel: string | undefined) {
  return {
    ...(channel === undefined ? {} : { channel }),
    attachments: [
      {
        title: escaped(title),
        text: escaped(text),
        fallback: escaped(title),
        color: '#439fe0',
        mrkdwn_in: ['text'],
      },
    ],
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** As Alertmanager judges: 2xx, and `ok` or `{"ok":true}`. A proxy's page with status 200 is no success. */
function isTaken({ status, body }: HttpResponse): boolean {
  return status >= 200 && status < 300 && (body === 'ok' || parseObject(body)?.['ok'] === true);
}

function refused({ status, body }: HttpResponse, whose: string, secret: Secret): LeitstandError {
  const word = errorWord(body);
  const known = word === undefined ? undefined : slackAnswer(word);
  return receiverErrors.error('LS-RECEIVER-011', {
    what: `${whose}: Slack did not take the message: ${word ?? `status ${status}`}`,
    why: known?.meaning ?? `it answered ${quoted(body)}: is this Slack, or a proxy on the way?`,
    fix: known?.fix(placesWith(secret)) ?? 'check the URL, and what stands between this machine and Slack',
  });
}
