import { defineReceiver, type Integration, type IntegrationPlace } from '../../stack/receiver.ts';
import { destinationUrl } from '../destination.ts';
import { slackSandbox } from './sandbox.ts';
import { type SlackConfig, slackSchema } from './schema.ts';

export const slack = defineReceiver({
  type: 'slack',
  summary: 'A Slack channel, through an incoming webhook.',
  schema: slackSchema,
  integration: slackIntegration,
  sandbox: slackSandbox,
});

function slackIntegration(config: SlackConfig, { receiver, index, resolve }: IntegrationPlace): Integration {
  const url = resolve(config.webhook_url);
  const destination = destinationUrl(url, `receiver ${receiver}, slack[${index}]`);
  const secretName = `${receiver}-slack-${index}`;
  return {
    receiver,
    type: 'slack',
    index,
    sendsResolved: config.send_resolved,
    destination: () => destination,
    render: ({ secretPath }) => ({
      key: 'slack_configs',
      config: {
        // Read at every send, so that a changed secret needs no reload; known since 0.22.
        api_url_file: secretPath(secretName),
        ...(config.channel === undefined ? {} : { channel: config.channel }),
        send_resolved: config.send_resolved,
        title: config.title ?? TITLE,
        text: config.text ?? TEXT,
        fallback: config.title ?? TITLE,
      },
      secrets: [{ name: secretName, value: url }],
      inlineSecrets: [],
    }),
  };
}

/** Alertmanager escapes nothing for Slack: `<!channel>` in a label would call everybody. */
function escaped(expression: string): string {
  return `{{ ${expression} | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;" }}`;
}

const TITLE = `[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] ${escaped('.CommonLabels.alertname')}`;

const TEXT = `{{ range .Alerts }}
*Summary:* ${escaped('.Annotations.summary')}
*Description:* ${escaped('.Annotations.description')}
*Severity:* ${escaped('.Labels.severity')}{{ if .Labels.workspace_id }}
*Workspace:* ${escaped('.Labels.workspace_id')}{{ end }}
{{ end }}`;
