import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, writeFileAtomic } from '../../platform/files.ts';
import { findFreePort, isPortFree } from '../../platform/ports.ts';
import type { CommandContext } from '../context.ts';
import { endpoints } from '../endpoints.ts';
import { loadStack } from '../load-stack.ts';
import { openRuntime } from '../open-runtime.ts';

interface DemoPorts {
  readonly prometheus: number;
  readonly alertmanager: number;
  readonly pushgateway: number;
  readonly inbox: number;
}

/**
 * Writes the demo's configuration, on free ports. What is there stays, edits included, as long as its ports are
 * its own or free.
 */
export async function prepareDemoFiles(
  context: CommandContext,
  directory: string,
  options: { readonly compile: boolean },
): Promise<string> {
  const file = join(directory, 'leitstand.yaml');
  const rewrite =
    !(await exists(file)) ||
    options.compile !== (await isCompiled(context, file)) ||
    !(await portsAreOurs(context, file));
  if (!rewrite) return file;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const ports = await choosePorts();
  await writeFileAtomic(join(directory, '.env'), demoEnvironment(ports), { mode: 0o600 });
  await writeFileAtomic(file, demoConfiguration(ports, options.compile));
  return file;
}

async function isCompiled(context: CommandContext, file: string): Promise<boolean> {
  const stack = await loadStack({ ...context, file });
  return !stack.provision.sources.includes('debian');
}

async function portsAreOurs(context: CommandContext, file: string): Promise<boolean> {
  const stack = await loadStack({ ...context, file });
  const runtime = await openRuntime(context, stack);
  const running = (await runtime.status()).filter(({ pid }) => pid !== undefined);
  if (running.length > 0) return true;
  const wanted = endpoints({ stack, components: await context.catalog.components(), runtime });
  const free = await Promise.all(wanted.map(({ url }) => isPortFree(Number(new URL(url).port))));
  return free.every(Boolean);
}

async function choosePorts(): Promise<DemoPorts> {
  return {
    prometheus: await findFreePort(9090),
    alertmanager: await findFreePort(9093),
    pushgateway: await findFreePort(9091),
    inbox: await findFreePort(5001),
  };
}

function demoEnvironment({ inbox }: DemoPorts): string {
  return `# Secrets of the demo. They point to the inbox, which answers as Slack and a webhook would.
# For a real channel, put its webhook URL here and run \`leitstand up\` and \`leitstand alert test\`.
SLACK_WEBHOOK_URL=http://127.0.0.1:${inbox}/slack/services/T00DEMO00/B00DEMO00/demo0demo0demo0demo0demo
WEBHOOK_URL=http://127.0.0.1:${inbox}/webhook
`;
}

function demoConfiguration(ports: DemoPorts, compile: boolean): string {
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

receivers:
  on-call:
    slack:
      - webhook_url: \${secret:SLACK_WEBHOOK_URL}
        channel: '#monitoring-alerts'
    webhook:
      - url: \${secret:WEBHOOK_URL}
  team:
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

provision:
  sources: ${compile ? '[cache, go]' : '[cache, debian, go]'}
`;
}
