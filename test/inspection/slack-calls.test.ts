import { expect, it } from 'vitest';
import { renderAlertmanagerFile } from '../../src/components/alertmanager/render.ts';
import { slackCalls } from '../../src/inspection/lints/slack-calls.ts';
import { readModel } from '../../src/inspection/read/read-model.ts';
import { alertingStack } from '../fixtures/alerting.ts';

function findingsIn(texts: Readonly<Record<string, string>>) {
  const stack = alertingStack({
    receivers: { team: { slack: [{ webhook_url: 'http://127.0.0.1:5001/slack/x', ...texts }] } },
    default: 'team',
  });
  const { content } = renderAlertmanagerFile(stack, {
    alertmanager: { major: 0, minor: 31, patch: 1 },
    secretPath: (name) => `/s/${name}`,
  });
  const files = [{ file: 'alertmanager.yml', text: content }];
  return slackCalls.inspect(readModel({ origin: 'stack', files, fileExists: () => true }), '2026-11-24');
}

it.each([
  [{}],
  [{ title: '{{ template "leitstand.slack.escaped" .CommonLabels.alertname }}' }],
  [{ text: '{{ range .Alerts }}{{ if .Labels.a }}{{ len .Labels }}{{ end }}{{ end }}' }],
  [{ text: '{{ .Status }} {{ .Labels.a | reReplaceAll "<" "" }}' }],
])('%j calls nobody', (texts) => {
  expect(findingsIn(texts)).toEqual([]);
});

it.each([
  [{ title: '🚨 Critical Alert: {{ .GroupLabels.alertname }}' }, '{{ .GroupLabels.alertname }}'],
  [
    { text: '{{ range .Alerts }}\n*Summary:* {{- .Annotations.summary -}}\n{{ end }}' },
    '{{ .Annotations.summary }}',
  ],
])('%j prints a value that may call everybody, and the way out is named', (texts, what) => {
  const [finding] = findingsIn(texts);
  expect(finding).toMatchObject({ code: 'LS-CHECK-029', severity: 'warning', subject: 'team' });
  expect(finding?.what).toContain(what);
  expect(finding?.fix).toMatch(/template "leitstand\.slack\.escaped" \(\.\w+\.\w+\)/);
});
