// Sends events from here, past Alertmanager.
import type { HttpResponse } from '../../platform/http.ts';
import { TEST_ALERT_PREFIX } from '../../stack/delivery.ts';
import type { DirectMessage, DirectSender, OpenGroup } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';
import { askProvider, quoted } from '../exchange.ts';
import { type Fields, parseObject } from '../json.ts';
import { type Action, MAX_SUMMARY } from './event-rules.ts';
import { dedupKeyOf } from './key.ts';

const ACCEPTED = 202;

export interface EventsApi {
  readonly url: URL;
  readonly routingKey: Secret;
  /** `receiver on-call, pagerduty[0]` */
  readonly whose: string;
  /** PEM file of the only authorities whose signature counts. */
  readonly caFile?: string | undefined;
}

interface Event {
  readonly action: Action;
  readonly dedupKey: string;
  readonly payload?: Fields;
  readonly signal?: AbortSignal | undefined;
}

/** One event that opens an incident, and at once one that ends it: nobody is to get up for it. */
export function directSender(api: EventsApi): DirectSender {
  return {
    send: async (message) => {
      const { nonce, signal } = message;
      const dedupKey = `${TEST_ALERT_PREFIX}${nonce}`;
      const word = await send(api, { action: 'trigger', dedupKey, payload: testPayload(message), signal });
      try {
        // Without the signal: what was opened is ended also when the test was cancelled.
        await send(api, { action: 'resolve', dedupKey });
      } catch (error) {
        throw leftOpen(api, dedupKey, error);
      }
      return `${word}; ended at once`;
    },
  };
}

/** Ends the incident that Alertmanager opened for a group of alerts. */
export function closeIncident(api: EventsApi, { groupKey, signal }: OpenGroup): Promise<string> {
  return send(api, { action: 'resolve', dedupKey: dedupKeyOf(groupKey), signal });
}

function testPayload({ nonce, title, text }: DirectMessage): Fields {
  const marked = /\bTEST\b/.test(title) ? title : `TEST ${title}`;
  return {
    summary: Array.from(marked).slice(0, MAX_SUMMARY).join(''),
    source: 'leitstand',
    severity: 'info',
    class: `${TEST_ALERT_PREFIX}${nonce}`,
    custom_details: { text },
  };
}

async function send(api: EventsApi, { action, dedupKey, payload, signal }: Event): Promise<string> {
  const response = await askProvider({
    url: api.url,
    whose: api.whose,
    caFile: api.caFile,
    body: {
      routing_key: api.routingKey.reveal(),
      event_action: action,
      dedup_key: dedupKey,
      ...(payload === undefined ? {} : { payload, client: 'Leitstand' }),
    },
    secrets: [api.routingKey],
    signal,
  });
  const answer = parseObject(response.body);
  if (response.status === ACCEPTED && answer?.['status'] === 'success')
    return typeof answer['message'] === 'string' ? answer['message'] : 'accepted';
  throw refusal(api, response, answer);
}

/** A page in between may answer anything, 200 included: only 202 with PagerDuty's own words is a success. */
function refusal(api: EventsApi, { status, body }: HttpResponse, answer: Fields | undefined) {
  const why = `${status}: ${wordsOf(answer) ?? quoted(body)}`;
  if (status === 400 || status === 403)
    return receiverErrors.error('LS-RECEIVER-011', {
      what: `${api.whose}: ${api.url.host} refuses the event`,
      why,
      fix: `copy the Integration Key of an "Events API v2" integration of the service into the ${api.routingKey.label}`,
    });
  return receiverErrors.error('LS-RECEIVER-012', {
    what: `${api.whose}: ${api.url.host} did not take the event`,
    why,
    fix: fixOf(status),
  });
}

function fixOf(status: number): string {
  if (status === 429) return 'it takes about 120 events a minute for a key: wait a minute, then try again';
  if (status >= 500) return 'it has a problem of its own: see https://status.pagerduty.com, then try again';
  if (status === 404)
    return 'correct `url`: https://events.pagerduty.com/v2/enqueue, or the same at events.eu.pagerduty.com';
  return 'that is no answer of PagerDuty: check `url`, and the proxy on the way';
}

function leftOpen(api: EventsApi, dedupKey: string, cause: unknown) {
  return receiverErrors.error('LS-RECEIVER-012', {
    what: `${api.whose}: the test was taken, and its incident could not be ended`,
    why: cause instanceof Error ? cause.message : undefined,
    fix: `resolve it in PagerDuty: the key of its alert is ${dedupKey}`,
  });
}

/** `{"status":"invalid event","message":"Event object is invalid","errors":["…"]}` */
function wordsOf(answer: Fields | undefined): string | undefined {
  const errors = answer?.['errors'];
  const words = [answer?.['message'], ...(Array.isArray(errors) ? errors : [])].filter(
    (word) => typeof word === 'string' && word !== '',
  );
  return words.length === 0 ? undefined : words.join(', ');
}
