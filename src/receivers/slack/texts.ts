import { TEST_LABEL } from '../../stack/delivery.ts';
import type { Language } from '../../stack/language.ts';

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
const WORKSPACE = `{{ if and .CommonLabels.workspace_id (not ${IS_TEST}) }} in ${escaped('.CommonLabels.workspace_id')}{{ end }}`;

const WORDS = {
  en: {
    alert: 'ALERT',
    alerts: 'alerts',
    resolved: 'resolved',
    summary: 'Summary',
    description: 'Description',
    workspace: 'Workspace',
    probe: 'Probe',
    instance: 'Instance',
    since: 'Since',
    lasted: 'lasted',
    runbook: 'Runbook',
    more: (count: string) => `and more: ${count} alerts in all`,
  },
  de: {
    alert: 'ALARM',
    alerts: 'Alarme',
    resolved: 'behoben',
    summary: 'Zusammenfassung',
    description: 'Beschreibung',
    workspace: 'Workspace',
    probe: 'Prüfung',
    instance: 'Instanz',
    since: 'Seit',
    lasted: 'Dauer',
    runbook: 'Anleitung',
    more: (count: string) => `und mehr: ${count} Alarme insgesamt`,
  },
} as const;

export interface SlackTexts {
  /** `🚨 CRITICAL: DiskFull in rathaus-nord (3 alerts)`; `✅ CRITICAL resolved: …` when it is over; `🧪 TEST CRITICAL: …`. */
  readonly title: string;
  readonly text: string;
  /**
   * What phones and screen readers show. Not configurable: it always names the alert, by which a test message is
   * recognised however title and text were rewritten.
   */
  readonly fallback: string;
}

export function slackTexts(language: Language): SlackTexts {
  const words = WORDS[language];
  const severity = `{{ if .CommonLabels.severity }}${escaped('.CommonLabels.severity | toUpper')}{{ else }}${words.alert}{{ end }}`;
  const count = `{{ if gt (len .Alerts) 1 }} ({{ len .Alerts }} ${words.alerts}){{ end }}`;
  const title = `${SIGN} ${severity}{{ if eq .Status "resolved" }} ${words.resolved}{{ end }}: ${escaped('.CommonLabels.alertname')}${WORKSPACE}${count}`;
  return {
    title,
    text: `{{ range $i, $alert := .Alerts }}{{ if lt $i ${SHOWN_ALERTS} }}{{ with $alert }}${alertText(language)}
{{ end }}{{ else if eq $i ${SHOWN_ALERTS} }}${words.more('{{ len $.Alerts }}')}
{{ end }}{{ end }}`,
    fallback: `${title}{{ if .CommonAnnotations.summary }}: ${escaped('.CommonAnnotations.summary')}{{ end }}`,
  };
}

/** Shipped alerts have `runbook`, a command; `runbook_url` as well where the pages are published. */
function alertText(language: Language): string {
  const words = WORDS[language];
  return `{{ if .Annotations.summary }}*${words.summary}:* ${escaped('.Annotations.summary')}
{{ end }}{{ if .Annotations.description }}*${words.description}:* ${escaped('.Annotations.description')}
{{ end }}{{ if .Labels.workspace_id }}*${words.workspace}:* ${escaped('.Labels.workspace_id')}
{{ end }}{{ if .Labels.probe }}*${words.probe}:* ${escaped('.Labels.probe')}
{{ end }}{{ if .Labels.instance }}*${words.instance}:* ${escaped('.Labels.instance')}
{{ end }}*${words.since}:* {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC{{ if eq .Status "resolved" }}, ${words.lasted} {{ (.EndsAt.Sub .StartsAt).Round 1000000000 }}{{ end }}{{ if .Annotations.runbook_url }}
<${escaped('.Annotations.runbook_url')}|${words.runbook}>{{ else if .Annotations.runbook }}
*${words.runbook}:* ${escaped('.Annotations.runbook')}{{ end }}
`;
}
