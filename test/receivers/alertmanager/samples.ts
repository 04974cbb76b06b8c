/** Settings as people would write them: every secret, and something of everything else. Each secret holds `7f3a`. */
export const SAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  discord: {
    webhook_url: 'https://discord.com/api/webhooks/1/7f3a-discord',
    title: '{{ template "discord.default.title" . }}',
  },
  incidentio: {
    url: 'https://api.incident.io/v2/alert_events/alertmanager/01',
    alert_source_token: '7f3a-incidentio',
    max_alerts: 10,
  },
  jira: {
    api_url: 'https://example.atlassian.net/rest/api/2/',
    project: 'OPS',
    issue_type: 'Bug',
    labels: ['alertmanager'],
    http_config: { basic_auth: { username: 'ops@example.org', password: '7f3a-jira' } },
  },
  mattermost: {
    webhook_url: 'https://chat.example.org/hooks/7f3a-mattermost',
    channel: 'alerts',
    props: { card: 'text' },
  },
  msteams: { webhook_url: 'https://example.webhook.office.com/webhookb2/7f3a-msteams', title: 'Alarm' },
  msteamsv2: {
    webhook_url: 'https://prod.westeurope.logic.azure.com/workflows/7f3a-msteamsv2',
    text: 'a\nb',
    http_config: { proxy_url: 'http://user:7f3a-proxy@proxy.example.org:3128' },
  },
  opsgenie: {
    api_key: '7f3a-opsgenie',
    api_url: 'https://api.eu.opsgenie.com/',
    responders: [{ name: 'ops', type: 'team' }],
    details: { a: '{{ .CommonLabels.alertname }}' },
    update_alerts: true,
  },
  pushover: { user_key: '7f3a-pushover-user', token: '7f3a-pushover-token', priority: '1', retry: '1m' },
  rocketchat: {
    api_url: 'https://chat.example.org/',
    token_id: '7f3a-rocketchat-id',
    token: '7f3a-rocketchat',
    channel: '#alerts',
    send_resolved: true,
  },
  sns: {
    sigv4: { region: 'eu-central-1', access_key: 'AKIA', secret_key: '7f3a-sns' },
    topic_arn: 'arn:aws:sns:eu-central-1:1:alerts',
    attributes: { a: 'b' },
  },
  telegram: { bot_token: '1:7f3a-telegram', chat_id: -1_001_234_567_890, parse_mode: 'HTML' },
  victorops: { api_key: '7f3a-victorops', routing_key: 'ops', custom_fields: { a: 'b' } },
  webex: {
    room_id: 'Y2lz',
    http_config: { authorization: { type: 'Bearer', credentials: '7f3a-webex' }, follow_redirects: false },
  },
  wechat: { api_secret: '7f3a-wechat', corp_id: 'a', to_party: '1', agent_id: '1' },
};
