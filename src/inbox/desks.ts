import { createSecureContext } from 'node:tls';
import type { MailSandbox } from '../stack/sandbox.ts';
import type { Identity } from './certificate.ts';
import { isFor, toldTo } from './faults.ts';
import type { Desks } from './front-door.ts';
import { ensureIdentity, LOOPBACK_NAMES, makeServerIdentity } from './identity.ts';
import type { Keep, NewMessage } from './record.ts';
import type { Room } from './room.ts';
import type { InboxOptions } from './server.ts';

/** What is behind the front door besides HTTP: TLS and, where an endpoint takes mail, SMTP. */
export async function openDesks(options: InboxOptions, keep: Keep, room: Room): Promise<Desks> {
  const { clock, directory, misbehaviours } = options;
  const names = [...LOOPBACK_NAMES, ...(options.names ?? [])];
  const badIdentity = once(() => makeServerIdentity(names, { now: clock.now() }));
  const identity = once(
    directory === undefined
      ? () => makeServerIdentity(names, { now: clock.now() })
      : () => ensureIdentity(directory, { names, clock }),
  );
  // Senders are told of `ca.pem` before the first of them comes.
  if (directory !== undefined) await identity();
  const onTlsFailure = (error: Error) =>
    options.onTrouble?.(`a client broke off while TLS was agreed on: ${reasonOf(error)}`);
  const mail = options.endpoints.find((endpoint) => endpoint.protocol === 'smtp');
  return {
    onTlsFailure,
    secureContext: async () => {
      // Which endpoint it is for is known after the handshake only.
      const bad = misbehaviours?.take(clock.now(), ({ fault }) => fault.kind === 'bad-certificate');
      if (bad)
        await keep(failure({ type: bad.type, path: 'tls', problem: toldTo(bad.fault), at: clock.now() }));
      const { key, certificate } = await (bad ? badIdentity() : identity());
      return createSecureContext({ key, cert: certificate });
    },
    smtp: mail && (await smtpDesk(mail, { options, keep, room, identity, badIdentity, onTlsFailure })),
  };
}

interface Surroundings {
  readonly options: InboxOptions;
  readonly keep: Keep;
  readonly room: Room;
  readonly identity: () => Promise<Identity>;
  readonly badIdentity: () => Promise<Identity>;
  readonly onTlsFailure: (error: Error) => void;
}

async function smtpDesk(
  endpoint: MailSandbox,
  { options: { clock, misbehaviours }, keep, ...rest }: Surroundings,
): Promise<Desks['smtp']> {
  const { serveSmtp } = await import('./smtp.ts');
  const { type } = endpoint;
  const desk = {
    ...rest,
    endpoint,
    keep,
    clock,
    takeFault: (wanted: Parameters<typeof isFor>[2]) =>
      misbehaviours?.take(clock.now(), (one) => isFor(type, one, wanted))?.fault,
    keepFailure: (status: number, problem: string) =>
      keep(failure({ type, path: 'smtp', problem, status, at: clock.now() })),
  };
  return (socket) => {
    serveSmtp(desk, socket).catch(() => socket.destroy());
  };
}

/** What failed before there was a message. */
function failure(facts: {
  readonly type: string;
  readonly path: string;
  readonly problem: string;
  readonly status?: number;
  readonly at: Date;
}): NewMessage {
  return {
    receivedAt: facts.at.toISOString(),
    type: facts.type,
    path: facts.path,
    recipient: '',
    headers: {},
    body: '',
    replyStatus: facts.status ?? 0,
    accepted: false,
    problems: [facts.problem],
    title: '',
    text: '',
    status: 'unknown',
  };
}

/** OpenSSL's own words, without its file names. */
function reasonOf(error: Error): string {
  const { reason } = error as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : error.message;
}

/** Made when it is first asked for; what failed is tried again. */
function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
