import { ANSWER_FIXES, LAST_FIX, WAY_FIXES } from './fixes/common.ts';
import { EMAIL_FIXES } from './fixes/email.ts';
import type { Fix } from './fixes/fix.ts';
import { PAGERDUTY_FIXES } from './fixes/pagerduty.ts';
import { SLACK_FIXES } from './fixes/slack.ts';
import type { Target } from './target.ts';

const BY_TYPE: Readonly<Record<string, readonly Fix[]>> = {
  slack: SLACK_FIXES,
  email: EMAIL_FIXES,
  pagerduty: PAGERDUTY_FIXES,
};

/** What people can do about a reason, in words that need no other document. */
export function fixFor(reason: string, target: Target): string {
  const known = [...(BY_TYPE[target.type] ?? []), ...WAY_FIXES, ...ANSWER_FIXES];
  const [, fix = LAST_FIX] = known.find(([pattern]) => pattern.test(reason)) ?? [];
  return fix(target);
}
