import { type Alerting, type Audience, labelsText } from './alerting.ts';
import { makeProbes } from './probe.ts';
import type { Aim } from './request.ts';
import { placeOf } from './target.ts';

/** Any nonce finds the same way; this one is for looking only. */
const LOOKING = 'ffffffffffff';

/** Whom a test with this aim would tell. */
export function audienceOf(alerting: Alerting, aim: Aim): readonly Audience[] {
  if (aim.kind === 'receivers') return alerting.audience(aim.names);
  return makeProbes(alerting, aim, LOOKING).map(({ receiver, integrations, routed, route }) => ({
    receiver,
    integrations: integrations.map(placeOf),
    by: routed ? labelsText(routed.labels) : (route ?? ''),
    notes: routed ? [] : ['an earlier route takes everything: nothing is sent'],
  }));
}
