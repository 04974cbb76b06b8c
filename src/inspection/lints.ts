import type { Lint } from './lint.ts';
import { alertPath } from './lints/alert-path.ts';
import { alertTexts } from './lints/alert-texts.ts';
import { deadMansSwitch } from './lints/dead-mans-switch.ts';
import { droppedLabels } from './lints/dropped-labels.ts';
import { hardCodedSize } from './lints/hard-coded-size.ts';
import { broadInhibition, impossibleInhibition } from './lints/inhibitions.ts';
import { localhostInContainer } from './lints/localhost.ts';
import { mutedCritical } from './lints/muted-critical.ts';
import { nobodyTold } from './lints/nobody-told.ts';
import { oldNotation } from './lints/old-notation.ts';
import { rates } from './lints/rates.ts';
import { scrapeJobs } from './lints/scrape-jobs.ts';
import { selfAlert } from './lints/self-alert.ts';
import { timeIntervals } from './lints/time-intervals.ts';
import { slackCalls } from './lints/slack-calls.ts';
import { undeliverable } from './lints/undeliverable.ts';
import { unhandledSeverity } from './lints/unhandled-severity.ts';
import { unknownJob } from './lints/unknown-job.ts';
import { unknownMetric } from './lints/unknown-metric.ts';
import { unreadable } from './lints/unreadable.ts';
import { unreachableRoute } from './lints/unreachable-route.ts';
import { unusedReceiver } from './lints/unused-receiver.ts';
import { zeroLimit } from './lints/zero-limit.ts';

/** All of them; a new one is a file in `lints/` and a line here. */
export const lints: readonly Lint[] = [
  unreadable,
  unknownMetric,
  unknownJob,
  unhandledSeverity,
  undeliverable,
  nobodyTold,
  unreachableRoute,
  impossibleInhibition,
  localhostInContainer,
  zeroLimit,
  selfAlert,
  hardCodedSize,
  rates,
  alertTexts,
  droppedLabels,
  scrapeJobs,
  alertPath,
  deadMansSwitch,
  broadInhibition,
  mutedCritical,
  unusedReceiver,
  timeIntervals,
  oldNotation,
  slackCalls,
];
