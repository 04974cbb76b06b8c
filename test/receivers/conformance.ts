import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyReceiverPlugin, Integration } from '../../src/stack/receiver.ts';
import type { HttpSandbox, SandboxEndpoint, SandboxRequest } from '../../src/stack/sandbox.ts';
import { Secret } from '../../src/stack/secret.ts';
import { isAtLeast, parseVersion, type Version } from '../../src/stack/version.ts';
import { selfSigned } from '../fixtures/certificate.ts';
import { localServer } from '../fixtures/local-server.ts';
import { startProvider } from '../fixtures/provider.ts';

export interface ReceiverCase {
  readonly plugin: AnyReceiverPlugin;
  /** A configuration with this secret in its secret field, and with this file as the only authority. */
  config(secret: string, caFile?: string): Record<string, unknown>;
  /** What the provider would have given out. */
  readonly goodSecret: string;
  /** Where the integration sends to then. */
  readonly destination: string;
  /** First version that reads the secret from a file. */
  readonly fileSince: string;
  /** What is no such secret. Each holds `7f3a`, by which it is looked for in what is said of it. */
  readonly badSecrets: readonly (readonly [what: string, secret: string])[];
}

/** For a plug-in with a URL in its secret field. */
export const NO_URLS = [
  ['a variable nobody replaced', 'https://example.org/${TOKEN_7f3a}'],
  ['no URL', 'token-7f3a'],
  ['another protocol', 'ftp://example.org/token-7f3a'],
  ['white space', 'https://example.org/token 7f3a'],
  ['a file', 'file:///etc/token-7f3a'],
] as const;

const VERSIONS = ['0.25.0', '0.26.0', '0.28.0', '0.31.1', '0.34.0'];

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(text);
  return parsed;
}

/** What every receiver plug-in promises. */
export function describeReceiver(one: ReceiverCase): void {
  const { plugin, goodSecret } = one;
  const integrate = (secret: string, caFile?: string) => integrationOf(plugin, one.config(secret, caFile));

  describe(`receiver ${plugin.type}`, () => {
    describe.each(VERSIONS)('rendered for %s', (text) => {
      const alertmanager = version(text);
      const secretPath = (name: string) => `/run/secrets/${name}`;
      const readsFile = isAtLeast(alertmanager, one.fileSince);
      const rendered = integrate(goodSecret).render({ alertmanager, secretPath });

      it('belongs below its own key, and says whether it tells the end', () => {
        expect(rendered.key).toBe(`${integrate(goodSecret).type}_configs`);
        expect(rendered.config['send_resolved']).toBe(true);
      });

      it(readsFile ? 'holds the path of the secret only' : 'owns up to holding the secret', () => {
        expect(JSON.stringify(rendered.config).includes(goodSecret)).toBe(!readsFile);
        expect(rendered.secrets.map(({ value }) => value.reveal())).toEqual(readsFile ? [goodSecret] : []);
        expect(rendered.inlineSecrets.map((value) => value.reveal())).toEqual(readsFile ? [] : [goodSecret]);
        for (const { name } of rendered.secrets) {
          expect(name).toMatch(/^on-call-[a-z]+-1/);
          expect(JSON.stringify(rendered.config)).toContain(`/run/secrets/${name}`);
        }
      });

      it('goes to a sandbox when asked, without the credentials', () => {
        if (!plugin.sandbox) return;
        const sandbox = { hostPort: '127.0.0.1:7', caFile: '/sandbox/ca.pem' };
        const { config, secrets } = integrate(goodSecret).render({ alertmanager, secretPath, sandbox });
        const all = JSON.stringify([config, secrets.map(({ value }) => value.reveal())]);
        expect(all).toContain('127.0.0.1:7');
        expect(all).not.toContain(goodSecret);
      });

      it('has its templates in files of its own language', () => {
        for (const { name, content } of rendered.templates ?? []) {
          expect(name).toMatch(/^[a-z]+\.en\.tmpl$/);
          expect(content).toContain('{{ define "leitstand.');
        }
      });
    });

    it('knows where it sends to, and shows no secret', () => {
      const integration = integrate(goodSecret);
      expect(integration.destination()?.href).toBe(one.destination);
      expect(integration).toMatchObject({ receiver: 'on-call', index: 1 });
      expect(JSON.stringify(integration)).not.toContain(goodSecret);
      expect(`${integration.place} ${integration.recipient}`).not.toContain(goodSecret);
      expect(integration.secrets().map((secret) => secret.reveal())).toContain(goodSecret);
    });

    it('trusts the authority that is named, Alertmanager as well, and not so the inbox', () => {
      expect(integrate(goodSecret).caFile).toBeUndefined();
      const trusting = integrate(goodSecret, '/my/ca.pem');
      expect(trusting.caFile).toBe('/my/ca.pem');
      const target = { alertmanager: version('0.34.0'), secretPath: (name: string) => `/s/${name}` };
      const tls = { tls_config: { ca_file: '/my/ca.pem' } };
      const { config } = trusting.render(target);
      expect(config['http_config'] ?? config).toMatchObject(tls);
      if (!plugin.sandbox) return;
      const sandbox = { hostPort: '127.0.0.1:7', caFile: '/sandbox/ca.pem' };
      expect(JSON.stringify(trusting.render({ ...target, sandbox }).config)).not.toContain('/my/ca.pem');
    });

    it('is another one with another secret', () => {
      expect(integrate(goodSecret).identity()).toEqual(integrate(goodSecret).identity());
      const other = `${goodSecret.slice(0, -1)}${goodSecret.endsWith('0') ? '1' : '0'}`;
      expect(integrate(other).identity()).not.toEqual(integrate(goodSecret).identity());
    });

    it.each(one.badSecrets)('refuses %s, and does not show it', (_, secret) => {
      const refusal = captured(() => integrate(secret));
      expect(refusal).toMatchObject({ code: expect.stringMatching(/^LS-RECEIVER-/), exit: 2 });
      const { what, why, fix } = refusal.details;
      expect([what, why, fix].join(' ')).not.toMatch(/7f3a/);
      expect(what).toContain('on-call');
      expect(fix).toContain('TEST_SECRET');
    });
  });
}

function integrationOf(plugin: AnyReceiverPlugin, config: Record<string, unknown>): Integration {
  return plugin.integration(plugin.schema.parse(config), {
    receiver: 'on-call',
    index: 1,
    language: 'en',
    inbox: { hostPort: '127.0.0.1:5001', caFile: '/test/inbox/ca.pem' },
    resolve: (input) => new Secret(typeof input === 'string' ? input : input.name, 'secret TEST_SECRET'),
  });
}

export interface HttpDirectCase {
  readonly plugin: AnyReceiverPlugin;
  /** What is peculiar to this case: `with a token`. */
  readonly what: string;
  /** A configuration for the provider at this address, which begins with `http://127.0.0.1:` or `https://127.0.0.1:`. */
  at(url: string): Record<string, unknown>;
  /** What stands in it, or is made of it, and must not be shown. */
  readonly hidden: readonly string[];
}

/** What every plug-in promises of Alertmanager's requests and of its own, where both speak HTTP. */
export function describeHttpDirect({ plugin, what, at, hidden }: HttpDirectCase): void {
  const message = { nonce: 'abc1', title: 'Test abc1', text: 'nothing is wrong' };
  const integrate = (url: string, more: Record<string, unknown> = {}) =>
    integrationOf(plugin, { ...at(url), ...more });
  const refusal = async (sending: Promise<string> | undefined) => {
    const error = await sending?.then(
      () => new Error('it was not refused'),
      (reason: unknown) => reason as Error,
    );
    const said = `${JSON.stringify(error)} ${error?.message} ${String(error?.cause)}`;
    for (const secret of hidden) expect(said).not.toContain(secret);
    return error;
  };

  describe(`what goes to ${plugin.type}, ${what}`, () => {
    it('is refused once, and no secret shown, by a server that repeats what it is told', async () => {
      await using server = await startProvider(({ method, url, headers, body }) => ({
        status: 404,
        body: `${method} ${url.href} ${JSON.stringify(headers)} ${body}`,
      }));
      expect(await refusal(integrate(server.url).direct?.send(message))).toMatchObject({
        code: expect.stringMatching(/^LS-RECEIVER-01[12]$/),
      });
      expect(server.asked).toHaveLength(1);
    });

    it('is not taken by a login page behind a redirect: neither are we led there, nor Alertmanager', async () => {
      await using server = await startProvider(({ url }) =>
        url.pathname === '/login'
          ? { status: 200, body: 'Sign in' }
          : { status: 302, headers: { location: '/login' }, body: '' },
      );
      const integration = integrate(server.url);
      expect(await refusal(integration.direct?.send(message))).toMatchObject({
        code: expect.stringMatching(/^LS-RECEIVER-01[12]$/),
      });
      expect(server.asked).toHaveLength(1);
      for (const text of ['0.31.1', '0.34.0']) {
        const target = { alertmanager: version(text), secretPath: (name: string) => `/s/${name}` };
        expect(integration.render(target).config['http_config']).toMatchObject({ follow_redirects: false });
      }
    });

    it('is not sent where the file of the authority cannot be read', async () => {
      const error = await refusal(
        integrate('https://127.0.0.1:9', { ca_file: '/none/ca.pem' }).direct?.send(message),
      );
      expect(error).toMatchObject({
        code: 'LS-RECEIVER-014',
        exit: 2,
        details: { why: expect.stringContaining('/none/ca.pem') },
      });
    });

    it('says of a certificate that nobody vouches for what to do', async () => {
      await using server = await localServer((_, response) => response.end('ok'), selfSigned());
      const error = await refusal(integrate(server.url).direct?.send(message));
      expect(error).toMatchObject({
        code: 'LS-RECEIVER-012',
        details: { fix: expect.stringContaining('`ca_file`') },
      });
    });

    it('can only be sent by Alertmanager where that takes a proxy', () => {
      const integration = integrate('http://127.0.0.1:9', { proxy_url: 'http://proxy.example.org:3128' });
      expect(integration.direct).toBeUndefined();
    });
  });
}

export interface HttpSandboxCase {
  readonly sandbox: SandboxEndpoint | undefined;
  /** Path in the inbox that it takes. */
  readonly path: string;
  /** A body the provider takes. */
  readonly goodBody: unknown;
  /** The status of success. */
  readonly success: number;
  /** What the provider refuses, and how. */
  readonly refused: readonly {
    readonly what: string;
    readonly request: Partial<SandboxRequest>;
    readonly status: number;
    readonly word: string;
  }[];
}

export function httpSandbox(sandbox: SandboxEndpoint | undefined): HttpSandbox {
  if (sandbox?.protocol !== 'http') throw new TypeError('not spoken to by HTTP');
  return sandbox;
}

/** What every sandbox that is spoken to by HTTP promises. */
export function describeHttpSandbox(one: HttpSandboxCase): void {
  const sandbox = httpSandbox(one.sandbox);
  const ask = (request: Partial<SandboxRequest>) =>
    sandbox.receive({
      method: 'POST',
      path: one.path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(one.goodBody),
      ...request,
    });

  describe(`sandbox of ${sandbox.type}`, () => {
    it('takes what the provider takes', () => {
      const reply = ask({});
      expect(reply).toMatchObject({ status: one.success, accepted: true, problems: [] });
      expect(reply.message?.title).not.toBe('');
    });

    it.each(one.refused.map((refused) => [refused.what, refused] as const))(
      'refuses %s',
      (_, { request, status, word }) => {
        const reply = ask(request);
        expect(reply).toMatchObject({ status, accepted: false });
        expect(`${reply.body} ${reply.problems.join()}`).toContain(word);
        expect(reply.problems.length).toBeGreaterThan(0);
      },
    );

    it('has an answer to everything', () => {
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json(),
        fc.constant(JSON.stringify(one.goodBody)),
      );
      const path = fc.oneof(fc.string(), fc.webPath(), fc.constant(one.path));
      const headers = fc.dictionary(
        fc.oneof(fc.constant('content-type'), fc.string()),
        fc.oneof(fc.constant('application/json'), fc.string()),
      );
      fc.assert(
        fc.property(text, path, headers, (body, place, fields) => {
          const reply = ask({ body, path: place, headers: fields });
          expect(reply.accepted).toBe(reply.status === one.success);
          expect(reply.problems.length === 0).toBe(reply.accepted);
        }),
        { numRuns: 300 },
      );
    });

    it('takes no body with a part of another kind', () => {
      fc.assert(
        fc.property(mutated(one.goodBody), (body) => {
          const reply = ask({ body: JSON.stringify(body) });
          expect([one.success, 400]).toContain(reply.status);
        }),
        { numRuns: 200 },
      );
    });
  });
}

function captured(work: () => unknown) {
  try {
    work();
  } catch (error) {
    return error as {
      readonly details: { readonly what: string; readonly why?: string; readonly fix?: string };
    };
  }
  throw new Error('it was not refused');
}

/** The value with one member, at any depth, replaced by any JSON. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return fc.jsonValue();
  const keys = Object.keys(value);
  if (keys.length === 0) return fc.jsonValue();
  const members = value as Readonly<Record<string, unknown>>;
  return fc.oneof(
    fc.jsonValue(),
    fc
      .constantFrom(...keys)
      .chain((key) =>
        mutated(members[key]).map((member) =>
          Array.isArray(value)
            ? value.map((old: unknown, i) => (String(i) === key ? member : old))
            : { ...value, [key]: member },
        ),
      ),
  );
}
