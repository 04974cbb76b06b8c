import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutSecrets } from '../../src/delivery/redaction.ts';
import { makeIntegration } from '../fixtures/alerting.ts';

const at = (url: string) => makeIntegration('webhook', { url });

it.each([
  ['Cannot POST /hook/key-7f3a', 'https://example.org/hook/key-7f3a', 'Cannot POST …'],
  ['no such key: key-7f3a', 'https://example.org/hook/key-7f3a', 'no such key: …'],
  ['bad token long-7f3a', 'https://example.org/?token=long-7f3a', 'bad token …'],
  ['POST /?token=a7f3a failed', 'https://example.org/?token=a7f3a', 'POST … failed'],
  ['password-7f3a is wrong', 'https://u:password-7f3a@example.org/', '… is wrong'],
  ['open /s/secrets/on-call: no such file', 'https://example.org/s', 'open /s/secrets/on-call: no such file'],
  ['unexpected status code 500', 'https://example.org/', 'unexpected status code 500'],
  ['connect: connection refused', 'http://127.0.0.1:5001/v1', 'connect: connection refused'],
])('%s', (reason, url, shown) => {
  expect(withoutSecrets(reason, at(url))).toBe(shown);
});

it("keeps the words of PagerDuty's address, which is no secret", () => {
  const key = 'Q7f3aQ7f3aQ7f3aQ7f3aQ7f3aQ7f3a12';
  const pagerduty = makeIntegration('pagerduty', {
    routing_key: key,
    url: 'http://127.0.0.1:5001/pagerduty/v2/enqueue',
  });
  const reason = `open /s/on-call-pagerduty-0: permission denied, ${key}`;
  expect(withoutSecrets(reason, pagerduty)).toBe('open /s/on-call-pagerduty-0: permission denied, …');
});

it('leaves no part of a key in whatever a destination answers', () => {
  const key = fc.stringMatching(/^[A-Za-z0-9_-]{8,40}$/);
  fc.assert(
    fc.property(key, fc.string(), fc.string(), (secret, before, after) => {
      const reason = `${before}${secret}${after}`;
      for (const url of [`https://a/${secret}`, `https://a/x/${secret}/y`, `https://a/?t=${secret}`])
        expect(withoutSecrets(reason, at(url))).not.toContain(secret);
    }),
  );
});
