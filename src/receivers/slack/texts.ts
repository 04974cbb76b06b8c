import { TEST_LABEL } from '../../stack/delivery.ts';

/**
 * The default texts, in Alertmanager's template language and with its functions of 0.25. Alertmanager escapes nothing
 * for Slack: `<!channel>` in a label would call everybody.
 */
function escaped(expression: string): string {
  return `{{ ${expression} | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;" }}`;
}

/** Longer messages are folded away by Slack, and the first alerts tell most. */
const SHOWN_ALERTS = 5;

const IS_TEST = `.CommonLabels.${TEST_LABEL}`;
const SIGN = `{{ if eq .Status "resolved" }}✅{{ else if ${IS_TEST} }}🧪{{ else if eq .CommonLabels.severity "critical" }}🚨{{ else }}⚠️{{ end }}{{ if ${IS_TEST} }} TEST{{ end }}`;
const SEVERITY = `{{ if .CommonLabels.severity }}${escaped('.CommonLabels.severity | toUpper')}{{ else }}ALERT{{ end }}`;
const WORKSPACE = `{{ if and .CommonLabels.workspace_id (not ${IS_TEST}) }} in ${escaped('.CommonLabels.workspace_id')}{{ end }}`;
const COUNT = '{{ if gt (len .Alerts) 1 }} ({{ len .Alerts }} alerts){{ end }}';

/** `🚨 CRITICAL: DiskFull in rathaus-nord (3 alerts)`; `✅ CRITICAL resolved: …` when it is over; `🧪 TEST CRITICAL: …`. */
export const TITLE = `${SIGN} ${SEVERITY}{{ if eq .Status "resolved" }} resolved{{ end }}: ${escaped('.CommonLabels.alertname')}${WORKSPACE}${COUNT}`;

const ALERT = `{{ if .Annotations.summary }}*Summary:* ${escaped('.Annotations.summary')}
{{ end }}{{ if .Annotations.description }}*Description:* ${escaped('.Annotations.description')}
{{ end }}{{ if .Labels.workspace_id }}*Workspace:* ${escaped('.Labels.workspace_id')}
{{ end }}{{ if .Labels.instance }}*Instance:* ${escaped('.Labels.instance')}
{{ end }}*Since:* {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC{{ if eq .Status "resolved" }}, lasted {{ (.EndsAt.Sub .StartsAt).Round 1000000000 }}{{ end }}{{ if .Annotations.runbook_url }}
<${escaped('.Annotations.runbook_url')}|Runbook>{{ end }}
`;

export const TEXT = `{{ range $i, $alert := .Alerts }}{{ if lt $i ${SHOWN_ALERTS} }}{{ with $alert }}${ALERT}
{{ end }}{{ else if eq $i ${SHOWN_ALERTS} }}and more: {{ len $.Alerts }} alerts in all
{{ end }}{{ end }}`;

/**
 * What phones and screen readers show. Not configurable: it always names the alert, by which a test message is
 * recognised however title and text were rewritten.
 */
export const FALLBACK = `${TITLE}{{ if .CommonAnnotations.summary }}: ${escaped('.CommonAnnotations.summary')}{{ end }}`;
