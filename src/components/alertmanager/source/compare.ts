import type { Json } from '../../../platform/canonical-json.ts';
import { comparison, NOT_SEALED, reasonOf } from '../../../stack/comparison.ts';
import type { CompareContext, Comparison } from '../../../stack/source.ts';
import { type AlertmanagerApi, createAlertmanagerApi } from '../api.ts';
import { compareLog } from './compare-log.ts';
import { compareEffect, compareSilences } from './compare-silences.ts';
import { EFFECT, LOG, LogFacts, SILENCES, SilenceFacts } from './facts.ts';

/** A question that could not be asked is `unknown`, never a match. */
export async function compare(context: CompareContext): Promise<Comparison[]> {
  const api = createAlertmanagerApi(context.url, context.signal);
  const found: Comparison[] = [];
  for (const [kind, ask] of Object.entries(QUESTIONS)) {
    context.onProgress?.(`comparing ${kind}`);
    const sealed = context.expectations.find((one) => one.kind === (kind === EFFECT ? SILENCES : kind));
    try {
      found.push(...(sealed ? await ask(context, api, sealed.value) : [unknown(kind, 'all', NOT_SEALED)]));
    } catch (error) {
      if (context.signal?.aborted) throw error;
      found.push(unknown(kind, sealed?.subject ?? 'all', reasonOf(error)));
    }
  }
  const others = context.expectations.filter(({ kind }) => !(kind in QUESTIONS));
  return [...found, ...others.map(({ kind, subject }) => unknown(kind, subject, NOT_KNOWN))];
}

type Ask = (context: CompareContext, api: AlertmanagerApi, sealed: Json) => Promise<Comparison[]>;

const QUESTIONS: Readonly<Record<string, Ask>> = {
  [SILENCES]: async ({ clock }, api, sealed) =>
    compareSilences(await api.silences(), SilenceFacts.parse(sealed), clock.now()),
  [EFFECT]: (context, api, sealed) => compareEffect(api, SilenceFacts.parse(sealed), context),
  [LOG]: (context, _api, sealed) => compareLog(context, LogFacts.parse(sealed)),
};

const NOT_KNOWN = 'this version of Leitstand does not know how to ask it';

function unknown(kind: string, subject: string, found: string): Comparison {
  return comparison(kind, subject, 'unknown', found);
}
