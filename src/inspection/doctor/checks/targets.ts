import { isIP } from 'node:net';
import type { Stack } from '../../../stack/stack.ts';

/** A place that the stack talks to. Of a URL only the host is kept: the rest is a secret for most providers. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly usesTls: boolean;
  readonly isLoopback: boolean;
  /** PEM file of the authority that its certificate is checked against; absent: those of the system. */
  readonly caFile?: string | undefined;
  /** Who needs it: `on-call slack[0]`. */
  readonly users: readonly string[];
}

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80, 'smtp:': 25, 'smtps:': 465 };

/** The hosts of receivers and of attached programs, each once. */
export function targetsOf(stack: Stack): readonly Target[] {
  const targets = new Map<string, Target>();
  const add = (url: URL, user: string, caFile?: string) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (PORTS[url.protocol] ?? 0) : Number(url.port);
    const usesTls = url.protocol === 'https:' || url.protocol === 'smtps:';
    const key = `${url.protocol}//${host}:${port}`;
    targets.set(key, {
      host,
      port,
      usesTls,
      isLoopback: host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.')),
      ...(caFile === undefined ? {} : { caFile }),
      users: [...(targets.get(key)?.users ?? []), user],
    });
  };
  for (const { receiver, type, index, destination, caFile } of stack.integrations) {
    const url = destination();
    if (url) add(url, `${receiver} ${type}[${index}]`, caFile);
  }
  for (const { name, attached } of stack.components)
    if (attached) add(new URL(attached.url), name, attached.caFile);
  return [...targets.values()];
}
