import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { findFreePort, isPortFree } from '../../platform/ports.ts';
import type { CommandContext } from '../command.ts';
import { endpoints } from '../endpoints.ts';
import { loadStack } from '../load-stack.ts';
import { openRuntime } from '../open-runtime.ts';

const COMPILED = '[cache, go]';

interface DemoPorts {
  readonly prometheus: number;
  readonly alertmanager: number;
  readonly pushgateway: number;
  readonly inbox: number;
}

/**
 * Writes the demo's configuration, on free ports. What is there stays, edits and secrets included: only its own port
 * numbers change, and only when the stack does not run and somebody else has one of them.
 */
export async function prepareDemoFiles(
  context: CommandContext,
  directory: string,
  options: { readonly compile: boolean },
): Promise<string> {
  const file = join(directory, 'leitstand.yaml');
  if (!(await exists(file))) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const ports = await choosePorts();
    await writeFileAtomic(join(directory, '.env'), demoEnvironment(ports), { mode: 0o600 });
    await writeFileAtomic(file, demoConfiguration(ports, options.compile));
    return file;
  }
  if (options.compile)
    await edit(file, 0o644, (text) => text.replace(/\bsources: \[.*\]/, `sources: ${COMPILED}`));
  const moves = await takenPorts(context, file);
  if (moves.size > 0) {
    const moved = (port: string) => String(moves.get(Number(port)) ?? port);
    await edit(file, 0o644, (text) => text.replaceAll(/(?<=\bport: *)\d+/g, moved));
    await edit(join(directory, '.env'), 0o600, (text) => text.replaceAll(/(?<=127\.0\.0\.1:)\d+/g, moved));
  }
  return file;
}

/** Ports of the demo that somebody else has → free ones. Empty while the demo itself runs. */
async function takenPorts(context: CommandContext, file: string): Promise<ReadonlyMap<number, number>> {
  const stack = await loadStack({ ...context, file });
  const runtime = await openRuntime(context, stack);
  const moves = new Map<number, number>();
  if ((await runtime.status()).some(({ pid }) => pid !== undefined)) return moves;
  for (const { url } of endpoints({ stack, components: await context.catalog.components(), runtime })) {
    const port = Number(new URL(url).port);
    if (!(await isPortFree(port))) moves.set(port, await findFreePort(0));
  }
  return moves;
}

async function edit(path: string, mode: number, change: (text: string) => string): Promise<void> {
  const text = await readTextIfExists(path);
  if (text !== undefined && change(text) !== text) await writeFileAtomic(path, change(text), { mode });
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
# For a real channel, put its webhook URL here, then \`leitstand up\` and \`leitstand alert test\`.
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
  sources: ${compile ? COMPILED : '[cache, debian, go]'}
`;
}
