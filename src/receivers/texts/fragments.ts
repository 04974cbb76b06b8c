// Pieces of messages in Alertmanager's template language, with its functions of 0.25 only (template/template.go there).
import { TEST_LABEL } from '../../stack/delivery.ts';
import type { Language } from '../../stack/language.ts';
import { cut, type Medium, shown } from './media.ts';
import { type Words, WORDS } from './words.ts';

/** Of a name in a headline; the rest of it must find its place as well. */
const LONGEST_NAME = 200;

/** The first alerts tell most, and longer messages are folded away. */
const SHOWN_ALERTS = 5;

/** A condition, of a group of alerts: `{{ if ${IS_OVER} }}`. */
export const IS_OVER = '(eq .Status "resolved")';
export const IS_TEST = `.CommonLabels.${TEST_LABEL}`;

/** `.` is a group of alerts, as at the top of every template. */
export interface GroupFragments {
  /** ✅ 🧪 🚨 ⚠️ */
  readonly sign: string;
  /** `TEST ` in front of the severity, or nothing. */
  readonly testMark: string;
  /** `CRITICAL`, or ALERT where they do not share one. */
  readonly severity: string;
  /** `DiskFull` */
  readonly name: string;
  /** ` in rathaus-nord`, or nothing. */
  readonly workspace: string;
  /** ` (3 alerts)`, ` (1 alert, 2 resolved)`, or nothing for one alone. */
  readonly count: string;
  /** `🚨 CRITICAL: DiskFull in rathaus-nord (3 alerts)`; `✅ CRITICAL resolved: …` when it is over; `🧪 TEST …`. */
  readonly headline: string;
  /** `2026-01-02 03:04 UTC`: when the first of them began. */
  readonly since: string;
  /** `1h4m5s`, from the first beginning to the last end; for groups that are over. */
  readonly duration: string;
}

/** `.` is one alert. */
export interface AlertFragments {
  /** `2026-01-02 03:04 UTC` */
  readonly since: string;
  /** `1h4m5s`; for an alert that is over. */
  readonly duration: string;
}

export function groupFragments(language: Language, medium: Medium): GroupFragments {
  const words = WORDS[language];
  const sign = `{{ if ${IS_OVER} }}✅{{ else if ${IS_TEST} }}🧪{{ else if eq .CommonLabels.severity "critical" }}🚨{{ else }}⚠️{{ end }}`;
  const testMark = `{{ if ${IS_TEST} }}${words.test} {{ end }}`;
  const print = (expression: string) => shown(medium, cut(expression, LONGEST_NAME));
  const severity = `{{ if .CommonLabels.severity }}${print('toUpper .CommonLabels.severity')}{{ else }}${words.alert}{{ end }}`;
  const name = `{{ if .CommonLabels.alertname }}${print('.CommonLabels.alertname')}{{ else }}${words.nameless}{{ end }}`;
  // The labels of a test are all its mark.
  const workspace = `{{ if and .CommonLabels.workspace_id (not ${IS_TEST}) }} ${words.in} ${print('.CommonLabels.workspace_id')}{{ end }}`;
  const count = countText(words);
  const over = `{{ if ${IS_OVER} }} ${words.resolved}{{ end }}`;
  return {
    sign,
    testMark,
    severity,
    name,
    workspace,
    count,
    headline: `${sign} ${testMark}${severity}${over}: ${name}${workspace}${count}`,
    since: `${EARLIEST}{{ $first.UTC.Format "2006-01-02 15:04" }} UTC`,
    duration: `${EARLIEST}${LATEST}{{ ($last.Sub $first).Round 1000000000 }}`,
  };
}

export const alertFragments: AlertFragments = {
  since: '{{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC',
  duration: '{{ (.EndsAt.Sub .StartsAt).Round 1000000000 }}',
};

const EARLIEST =
  '{{ $first := (index .Alerts 0).StartsAt }}{{ range .Alerts }}{{ if .StartsAt.Before $first }}{{ $first = .StartsAt }}{{ end }}{{ end }}';
const LATEST =
  '{{ $last := (index .Alerts 0).EndsAt }}{{ range .Alerts }}{{ if .EndsAt.After $last }}{{ $last = .EndsAt }}{{ end }}{{ end }}';

/** A group that still fires may hold alerts that are over: they are not counted among the others. */
function countText({ oneAlert, alerts, resolved }: Words): string {
  const firing = `{{ len .Alerts.Firing }} {{ if eq (len .Alerts.Firing) 1 }}${oneAlert}{{ else }}${alerts}{{ end }}{{ if .Alerts.Resolved }}, {{ len .Alerts.Resolved }} ${resolved}{{ end }}`;
  return `{{ if gt (len .Alerts) 1 }} ({{ if ${IS_OVER} }}{{ len .Alerts }} ${alerts}{{ else }}${firing}{{ end }}){{ end }}`;
}

/**
 * `body` for each of the first alerts that the message is about (`.` is the alert; those that are over only when all
 * are), then `more` with their number in place of `#`: `+45 more`. At the top of a template, where `.` is the group.
 */
export function eachShownAlert(body: string, more: string): string {
  return `{{ $about := .Alerts.Firing }}{{ if ${IS_OVER} }}{{ $about = .Alerts.Resolved }}{{ end }}{{ $shown := $about }}{{ $isLong := gt (len $about) ${SHOWN_ALERTS} }}{{ if $isLong }}{{ $shown = slice $about 0 ${SHOWN_ALERTS} }}{{ end }}{{ range $shown }}${body}{{ end }}{{ if $isLong }}${more.replaceAll('#', `{{ len (slice $about ${SHOWN_ALERTS}) }}`)}{{ end }}`;
}

/** `+45 more`, for `eachShownAlert`. */
export function moreText(language: Language): string {
  return `+# ${WORDS[language].more}`;
}
