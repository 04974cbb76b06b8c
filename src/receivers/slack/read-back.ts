import type { LeitstandError } from '../../platform/errors.ts';
import type { HttpResponse } from '../../platform/http.ts';
import type { ReadBack, ReadBackFinding, ReadBackSearch } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';
import { askProvider, quoted } from '../exchange.ts';
import { isAboutCredentials, placesWith, slackAnswer } from './answers.ts';
import { type Fields, listOf, parseObject, textOf } from '../json.ts';

/** So many messages of a channel are looked at, the newest first: a test is among the last ones. */
const LOOKED_AT = 100;
/** Of the clocks here and at Slack. The mark of the test tells it from older ones anyway. */
const SKEW_MS = 10 * 60_000;

export interface SlackPlace {
  /** Base of the Web API, without a `/` at its end. */
  readonly apiUrl: string;
  readonly token: Secret;
  readonly channelId: string;
  readonly whose: string;
  /** PEM file of the only authorities whose signature counts. */
  readonly caFile?: string | undefined;
}

/** Asks conversations.history (docs.slack.dev): the app must be in the channel and have channels:history. */
export function slackReadBack(place: SlackPlace): ReadBack {
  const { apiUrl, channelId } = place;
  return {
    from: `the Slack channel ${channelId} on ${new URL(apiUrl).host}`,
    find: async (search) => {
      const answer = await ask(place, search);
      // The newest come first: what tells the end is newer than what is looked for.
      const found = listOf(answer, 'messages').findLast(
        (message) => isOfProgram(message) && JSON.stringify(message).includes(search.nonce),
      );
      return found && findingOf(found, channelId);
    },
  };
}

async function ask(place: SlackPlace, { since, signal }: ReadBackSearch): Promise<Fields> {
  const { apiUrl, token, channelId, whose, caFile } = place;
  const url = new URL(`${apiUrl}/conversations.history`);
  url.searchParams.set('channel', channelId);
  url.searchParams.set('oldest', ((since.getTime() - SKEW_MS) / 1000).toFixed(6));
  url.searchParams.set('limit', String(LOOKED_AT));
  const response = await askProvider({
    url,
    whose,
    method: 'GET',
    headers: { authorization: `Bearer ${token.reveal()}` },
    secrets: [token],
    caFile,
    signal,
  });
  const answer = parseObject(response.body);
  if (answer?.['ok'] === true) return answer;
  throw unanswered(response, textOf(answer, 'error'), place);
}

function unanswered(
  { status, headers, body }: HttpResponse,
  word: string,
  place: SlackPlace,
): LeitstandError {
  const { whose, channelId, token } = place;
  if (isAboutCredentials(word))
    return receiverErrors.error('LS-RECEIVER-013', {
      what: `${whose}: Slack does not let the ${token.label} read the channel ${channelId}: ${word}`,
      why: slackAnswer(word)?.meaning,
      fix: slackAnswer(word)?.fix({ ...placesWith(token), channel: '`channel_id`' }),
    });
  const wait = headers['retry-after'];
  return receiverErrors.error('LS-RECEIVER-012', {
    what: `${whose}: Slack does not tell what is in the channel ${channelId}`,
    why: word === '' ? `it answered ${status}: ${quoted(body)}` : `it answered ${word}`,
    fix:
      typeof wait === 'string'
        ? `wait ${wait} s`
        : (slackAnswer(word)?.fix(placesWith(token)) ??
          'look into the channel yourself, and check `api_url`'),
  });
}

/** People may talk about a test. */
function isOfProgram(message: Fields): boolean {
  return textOf(message, 'bot_id') !== '' || textOf(message, 'subtype') === 'bot_message';
}

function findingOf(message: Fields, channelId: string): ReadBackFinding {
  const ts = textOf(message, 'ts');
  const seconds = Number(ts);
  return {
    evidence: `message ${ts} in the Slack channel ${channelId}`,
    ...(Number.isFinite(seconds) && seconds > 0 ? { at: new Date(seconds * 1000) } : {}),
  };
}
