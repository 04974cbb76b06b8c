import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyReceiverPlugin } from '../../src/stack/receiver.ts';
import type { SandboxRequest } from '../../src/stack/sandbox.ts';
import { Secret } from '../../src/stack/secret.ts';
import { isAtLeast, parseVersion, type Version } from '../../src/stack/version.ts';

export interface ReceiverCase {
  readonly plugin: AnyReceiverPlugin;
  /** A configuration with this URL in its secret field. */
  config(url: string): Record<string, unknown>;
  /** A URL that the provider would have given out. */
  readonly goodUrl: string;
  /** Path in the inbox that its sandbox takes. */
  readonly sandboxPath: string;
  /** First version that reads the secret from a file. */
  readonly fileSince: string;
  /** A body the provider takes. */
  readonly goodBody: unknown;
  /** What the provider refuses, and how. */
  readonly refused: readonly {
    readonly what: string;
    readonly request: Partial<SandboxRequest>;
    readonly status: number;
    readonly word: string;
  }[];
}

const VERSIONS = ['0.25.0', '0.26.0', '0.28.0', '0.31.1', '0.34.0'];

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(text);
  return parsed;
}

/** What every receiver plug-in promises. */
export function describeReceiver(one: ReceiverCase): void {
  const { plugin } = one;
  const integrate = (url: string) =>
    plugin.integration(plugin.schema.parse(one.config(url)), {
      receiver: 'on-call',
      index: 1,
      language: 'en',
      resolve: () => new Secret(url, 'secret TEST_URL'),
    });
  const ask = (request: Partial<SandboxRequest>) =>
    plugin.sandbox.receive({
      method: 'POST',
      path: one.sandboxPath,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(one.goodBody),
      ...request,
    });

  describe(`receiver ${plugin.type}`, () => {
    describe.each(VERSIONS)('rendered for %s', (text) => {
      const readsFile = isAtLeast(version(text), one.fileSince);
      const rendered = integrate(one.goodUrl).render({
        alertmanager: version(text),
        secretPath: (name) => `/run/secrets/${name}`,
      });

      it('belongs below its own key, and says whether it tells the end', () => {
        expect(rendered.key).toBe(`${plugin.type}_configs`);
        expect(rendered.config['send_resolved']).toBe(true);
      });

      it(readsFile ? 'holds the path of the secret only' : 'owns up to holding the secret', () => {
        expect(JSON.stringify(rendered.config).includes(one.goodUrl)).toBe(!readsFile);
        expect(rendered.secrets.map(({ value }) => value.reveal())).toEqual(readsFile ? [one.goodUrl] : []);
        expect(rendered.inlineSecrets.map((value) => value.reveal())).toEqual(readsFile ? [] : [one.goodUrl]);
        for (const { name } of rendered.secrets) {
          expect(name).toBe(`on-call-${plugin.type}-1`);
          expect(JSON.stringify(rendered.config)).toContain(`/run/secrets/${name}`);
        }
      });
    });

    it('knows where it sends to', () => {
      const integration = integrate(one.goodUrl);
      expect(integration.destination().href).toBe(one.goodUrl);
      expect(integration).toMatchObject({ type: plugin.type, receiver: 'on-call', index: 1 });
      expect(JSON.stringify(integration)).not.toContain(one.goodUrl);
    });

    it.each([
      ['a variable nobody replaced', 'https://example.org/${TOKEN_7f3a}'],
      ['no URL', 'token-7f3a'],
      ['another protocol', 'ftp://example.org/token-7f3a'],
      ['white space', 'https://example.org/token 7f3a'],
      ['a file', 'file:///etc/token-7f3a'],
    ])('refuses %s, and does not show it', (_, url) => {
      const refusal = captured(() => integrate(url));
      expect(refusal).toMatchObject({ code: expect.stringMatching(/^LS-RECEIVER-/), exit: 2 });
      const { what, why, fix } = refusal.details;
      expect([what, why, fix].join(' ')).not.toMatch(/7f3a/);
      expect(what).toContain('on-call');
      expect(fix).toContain('TEST_URL');
    });

    it('its sandbox takes what the provider takes', () => {
      const reply = ask({});
      expect(reply).toMatchObject({ status: 200, accepted: true, problems: [] });
      expect(reply.message?.title).not.toBe('');
    });

    it.each(one.refused.map((refused) => [refused.what, refused] as const))(
      'its sandbox refuses %s',
      (_, { request, status, word }) => {
        const reply = ask(request);
        expect(reply).toMatchObject({ status, accepted: false });
        expect(reply.body).toContain(word);
        expect(reply.problems.length).toBeGreaterThan(0);
      },
    );

    it('its sandbox has an answer to everything', () => {
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json(),
        fc.constant(JSON.stringify(one.goodBody)),
      );
      const path = fc.oneof(fc.string(), fc.webPath(), fc.constant(one.sandboxPath));
      const headers = fc.dictionary(
        fc.oneof(fc.constant('content-type'), fc.string()),
        fc.oneof(fc.constant('application/json'), fc.string()),
      );
      fc.assert(
        fc.property(text, path, headers, (body, place, fields) => {
          const reply = ask({ body, path: place, headers: fields });
          expect(reply.accepted).toBe(reply.status === 200);
          expect(reply.problems.length === 0).toBe(reply.accepted);
        }),
        { numRuns: 300 },
      );
    });

    it('its sandbox takes no body with a part of another kind', () => {
      fc.assert(
        fc.property(mutated(one.goodBody), (body) => {
          const reply = ask({ body: JSON.stringify(body) });
          expect([200, 400]).toContain(reply.status);
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
