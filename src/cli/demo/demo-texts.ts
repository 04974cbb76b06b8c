export interface DemoPorts {
  readonly prometheus: number;
  readonly alertmanager: number;
  readonly pushgateway: number;
  readonly nodeExporter: number;
  readonly blackboxExporter: number;
  readonly victoriaLogs: number;
  readonly versitygw: number;
  readonly inbox: number;
  readonly daemon: number;
}

/** Of the form that PagerDuty gives out, and the key of no service. */
const PAGERDUTY_KEY = 'demo0demo0demo0demo0demo0demo012';

/** What the demo has where it can be had. */
export interface DemoParts {
  /** VictoriaLogs. */
  readonly logs: boolean;
  /** versitygw, and the backups in it. */
  readonly buckets: boolean;
}

/** Of the S3 store; made at random. */
export interface DemoKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

export function demoEnvironment({ inbox }: DemoPorts, { accessKey, secretKey }: DemoKeys): string {
  return `# Secrets of the demo. They point to the inbox, which answers as Slack, PagerDuty, a mail server and a webhook would.
# For a real channel, put its real value here, then \`leitstand up\` and \`leitstand alert test\`. PagerDuty and the
# mail server have an address in leitstand.yaml as well.
SLACK_WEBHOOK_URL=http://127.0.0.1:${inbox}/slack/services/T00DEMO00/B00DEMO00/demo0demo0demo0demo0demo
PAGERDUTY_SERVICE_KEY=${PAGERDUTY_KEY}
SMTP_USERNAME=alerts
SMTP_PASSWORD=anything-goes-in-the-inbox
WEBHOOK_URL=http://127.0.0.1:${inbox}/webhook
# The only user of the S3 store on this machine, made for this demo.
S3_ACCESS_KEY=${accessKey}
S3_SECRET_KEY=${secretKey}
`;
}

export function demoConfiguration(
  ports: DemoPorts,
  options: DemoParts & { readonly compile: boolean },
): string {
  return `# The demo stack. docs/configuration.md explains every key.
schema: 1
stack: demo

components:
  prometheus:
    port: ${ports.prometheus}
    scrape_interval: 1s        # so that there is data within seconds; 15s is the default
    memory: 512MiB
  alertmanager:
    port: ${ports.alertmanager}
  pushgateway:
    port: ${ports.pushgateway}
  node-exporter:
    port: ${ports.nodeExporter}
  blackbox-exporter:
    port: ${ports.blackboxExporter}
    probes:
      - url: http://127.0.0.1:${ports.alertmanager}/-/ready
${options.logs ? `  victoria-logs:\n    port: ${ports.victoriaLogs}\n` : ''}${options.buckets ? bucketsText(ports) : ''}
receivers:
  on-call:
    slack:
      - webhook_url: \${secret:SLACK_WEBHOOK_URL}
        channel: '#monitoring-alerts'
    pagerduty:
      - routing_key: \${secret:PAGERDUTY_SERVICE_KEY}
        url: http://127.0.0.1:${ports.inbox}/pagerduty/v2/enqueue   # without it: PagerDuty itself
    webhook:
      - url: \${secret:WEBHOOK_URL}
  team:
    email:
      - to: team@inbox.test
        from: alerts@inbox.test
        smarthost: 127.0.0.1:${ports.inbox}
        username: \${secret:SMTP_USERNAME}
        password: \${secret:SMTP_PASSWORD}
    webhook:
      - url: \${secret:WEBHOOK_URL}

routing:
  severity:
    critical: on-call
    warning: team
  default: team
  group_wait: 10s

inbox:
  port: ${ports.inbox}

daemon:
  port: ${ports.daemon}

provision:
  sources: ${options.compile ? '[cache, go]' : '[cache, release, debian, go]'}
`;
}

function bucketsText({ versitygw }: DemoPorts): string {
  return `  versitygw:
    port: ${versitygw}
    access_key: \${secret:S3_ACCESS_KEY}
    secret_key: \${secret:S3_SECRET_KEY}

backup:
  s3: {component: versitygw, bucket: backups}   # on AWS: {bucket: sva-monitoring-backups, region: eu-central-1}
`;
}
