import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LeitstandError } from '../../platform/errors.ts';
import { exists, readTextIfExists, writeFileAtomic } from '../../platform/files.ts';
import { findFreePort, isPortFree } from '../../platform/ports.ts';
import type { CommandContext } from '../command.ts';
import { endpoints } from '../endpoints.ts';
import { neededPrograms } from '../../deployment/plans.ts';
import { loadStack } from '../load-stack.ts';
import { openProvisioning } from '../open-deployment.ts';
import { openRuntime } from '../open-runtime.ts';
import { type DemoParts, type DemoPorts, demoConfiguration, demoEnvironment } from './demo-texts.ts';

const LOG_STORE = 'victoria-logs';
const BUCKETS = 'versitygw';

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
    const random = (size: number) => Buffer.from(context.random(size)).toString('hex');
    const keys = { accessKey: random(10), secretKey: random(20) };
    const text = (parts: DemoParts) => demoConfiguration(ports, { compile: options.compile, ...parts });
    await writeFileAtomic(join(directory, '.env'), demoEnvironment(ports, keys), { mode: 0o600 });
    await writeFileAtomic(file, text({ logs: true, buckets: true }));
    const parts = await partsToBeHad({ ...context, file });
    if (!parts.logs || !parts.buckets) await writeFileAtomic(file, text(parts));
    return file;
  }
  if (options.compile) {
    await edit(file, 0o644, (text) => text.replace(/\bsources: \[.*\]/, 'sources: [cache, go]'));
  }
  const moves = await takenPorts(context, file);
  if (moves.size > 0) {
    const moved = (port: string) => String(moves.get(Number(port)) ?? port);
    await edit(file, 0o644, (text) => text.replaceAll(/(?<=\bport: *|127\.0\.0\.1:)\d+/g, moved));
    await edit(join(directory, '.env'), 0o600, (text) => text.replaceAll(/(?<=127\.0\.0\.1:)\d+/g, moved));
  }
  return file;
}

/**
 * Debian has no package of these: a machine without Go and without the internet goes without them, and is told so. The
 * other programs are got meanwhile, since compiling takes the processor and fetching takes the network.
 */
async function partsToBeHad(context: CommandContext): Promise<DemoParts> {
  const stack = await loadStack(context);
  const components = await context.catalog.components();
  const provision = await openProvisioning(context, stack);
  const optional = [LOG_STORE, BUCKETS].map((name) => components.get(name)?.program.name);
  const others = neededPrograms(stack, components).filter(({ name }) => !optional.includes(name));
  const canBeHad = async (name: string, without: string) => {
    const plugin = components.get(name);
    if (!plugin) return false;
    const error = await provision([plugin.program]).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return true;
    if (!(error instanceof LeitstandError)) throw error;
    const reasons = (error.details.detail ?? []).map((line) => `\n    ${line}`).join('');
    context.output.talk(`The demo ${without}: ${name} cannot be had here${reasons}`);
    return false;
  };
  // What is wrong with these is told by `up`, which wants them too.
  const rest = provision(others).catch(() => undefined);
  const logs = await canBeHad(LOG_STORE, 'does without logs');
  const buckets = await canBeHad(BUCKETS, 'keeps its backups in a directory instead of S3');
  await rest;
  return { logs, buckets };
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
    nodeExporter: await findFreePort(9100),
    blackboxExporter: await findFreePort(9115),
    victoriaLogs: await findFreePort(9428),
    versitygw: await findFreePort(7070),
    inbox: await findFreePort(5001),
    daemon: await findFreePort(9470),
  };
}
