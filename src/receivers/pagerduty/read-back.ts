// PagerDuty's REST API: PagerDuty/developer-docs, REST-API; PagerDuty/api-schema, reference/REST, GET /incidents.
import { z } from 'zod';
import type { HttpResponse } from '../../platform/http.ts';
import type { ReadBack, ReadBackFinding, ReadBackSearch } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import { receiverErrors } from '../errors.ts';
import { askProvider, quoted } from '../exchange.ts';
import { parseJson } from '../json.ts';
import { dedupKeyOf } from './key.ts';

/** Of a page; a test is among the latest. */
const LIMIT = 100;
/** Of the clocks here and there. */
const SKEW_MS = 10 * 60_000;

export interface RestApi {
  /** `https://api.pagerduty.com`, without a `/` at the end. */
  readonly url: string;
  readonly apiKey: Secret;
  /** `receiver on-call, pagerduty[0]` */
  readonly whose: string;
  /** PEM file of the only authorities whose signature counts. */
  readonly caFile?: string | undefined;
}

const incidents = z.looseObject({
  incidents: z.array(
    z.looseObject({
      id: z.string(),
      incident_number: z.number().optional(),
      title: z.string().optional(),
      status: z.string(),
      created_at: z.string().optional(),
    }),
  ),
});

type Incident = z.infer<typeof incidents>['incidents'][number];

export function pagerdutyReadBack(api: RestApi): ReadBack {
  return {
    from: `PagerDuty's incidents at ${new URL(api.url).host}`,
    find: async (search) => {
      const found = await list(api, search);
      const incident = found.find((one) => isMeant(one, search));
      return incident && findingOf(incident);
    },
  };
}

/**
 * Whatever its alerts were grouped into, PagerDuty finds an incident by the key of one of them. Where the mark of the test
 * is no part of the group, an earlier test may have had the same key: then the mark is in the title, or nothing is known.
 */
function isMeant(
  { title, created_at: created }: Incident,
  { groupKey, nonce, since }: ReadBackSearch,
): boolean {
  if (created !== undefined && Date.parse(created) < since.getTime() - SKEW_MS) return false;
  return groupKey?.includes(nonce) === true || (title ?? '').includes(nonce);
}

function findingOf({ id, incident_number: number, status, created_at: created }: Incident): ReadBackFinding {
  const at = created === undefined ? NaN : Date.parse(created);
  return {
    evidence: `PagerDuty incident ${number === undefined ? '' : `#${number} `}(${id}), ${status}`,
    ...(Number.isNaN(at) ? {} : { at: new Date(at) }),
  };
}

async function list(api: RestApi, { groupKey, since, signal }: ReadBackSearch): Promise<readonly Incident[]> {
  const url = new URL(`${api.url}/incidents`);
  if (groupKey !== undefined) url.searchParams.set('incident_key', dedupKeyOf(groupKey));
  url.searchParams.set('since', new Date(since.getTime() - SKEW_MS).toISOString());
  url.searchParams.set('sort_by', 'created_at:desc');
  url.searchParams.set('limit', String(LIMIT));
  const response = await askProvider({
    url,
    whose: api.whose,
    caFile: api.caFile,
    method: 'GET',
    headers: {
      accept: 'application/vnd.pagerduty+json;version=2',
      authorization: `Token token=${api.apiKey.reveal()}`,
    },
    secrets: [api.apiKey],
    signal,
  });
  if (response.status !== 200) throw refusal(api, response);
  const parsed = incidents.safeParse(parseJson(response.body));
  if (parsed.success) return parsed.data.incidents;
  throw receiverErrors.error('LS-RECEIVER-012', {
    what: `${api.whose}: ${url.host} does not answer as PagerDuty's REST API does`,
    why: 'its answer is no list of incidents',
    fix: 'correct `read_back.url`: https://api.pagerduty.com, or https://api.eu.pagerduty.com',
  });
}

function refusal(api: RestApi, response: HttpResponse) {
  const { status } = response;
  const { host } = new URL(api.url);
  const why = `${status}: ${wordsOf(response.body)}`;
  if (status === 401 || status === 403)
    return receiverErrors.error('LS-RECEIVER-013', {
      what: `${api.whose}: ${host} does not let the ${api.apiKey.label} read incidents`,
      why,
      fix: 'make a read-only key under *Integrations > API Access Keys* in PagerDuty; an integration key is none, and a key of the EU holds there only',
    });
  return receiverErrors.error('LS-RECEIVER-012', {
    what: `${api.whose}: ${host} does not say whether the incident is there`,
    why,
    fix: fixOf(response),
  });
}

function fixOf({ status, headers }: HttpResponse): string {
  const reset = headers['ratelimit-reset'];
  if (status === 429)
    return typeof reset === 'string' && /^\d+$/.test(reset)
      ? `try again in ${reset} s: it takes 960 questions a minute`
      : 'wait a minute, then try again: it takes 960 questions a minute';
  if (status >= 500) return 'it has a problem of its own: see https://status.pagerduty.com, then try again';
  return 'correct `read_back.url`: https://api.pagerduty.com, or https://api.eu.pagerduty.com';
}

/** `{"error":{"message":"Rate Limit Exceeded","code":2020}}` (REST-API/14-Errors.md) */
const errorBody = z.looseObject({ error: z.looseObject({ message: z.string() }) });

function wordsOf(body: string): string {
  const parsed = errorBody.safeParse(parseJson(body));
  return parsed.success ? parsed.data.error.message : quoted(body);
}
