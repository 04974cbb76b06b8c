import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiverPlugins } from '../../src/receivers/registry.ts';
import { httpSandbox } from './conformance.ts';

const VERSIONS = ['0.25.0', '0.31.1'];
const PATHS: Readonly<Record<string, string>> = {
  slack: '/slack/services/T00TEST00/B00TEST00/secretsecret',
  webhook: '/webhook',
  pagerduty: '/pagerduty/v2/enqueue',
};
const SUCCESS: Readonly<Record<string, number>> = { pagerduty: 202 };
const NONCE = '0123456789abx0x';

function read(name: string): string {
  return readFileSync(new URL(`../fixtures/alertmanager/${name}.body`, import.meta.url), 'utf8');
}

describe.each(
  receiverPlugins.filter(({ type }) => type in PATHS).map(({ type, sandbox }) => [type, sandbox] as const),
)('what a real Alertmanager sends to %s', (type, sandbox) => {
  const receive = (body: string) =>
    httpSandbox(sandbox).receive({
      method: 'POST',
      path: PATHS[type] ?? '',
      headers: { 'content-type': 'application/json' },
      body,
    });

  describe.each(VERSIONS)('%s', (version) => {
    it.each(['firing', 'resolved'] as const)('%s: is taken and understood', (status) => {
      const reply = receive(read(`${type}-${status}-${version}`));
      expect(reply).toMatchObject({
        status: SUCCESS[type] ?? 200,
        accepted: true,
        problems: [],
        message: { status },
      });
      expect(reply.message?.title).toContain(`LeitstandTest_${NONCE}`);
      expect(reply.message?.text).toContain('nothing is wrong');
    });

    it('is refused when it was cut off anywhere', () => {
      const body = read(`${type}-firing-${version}`).trimEnd();
      fc.assert(
        fc.property(fc.integer({ min: 0, max: body.length - 1 }), (length) => {
          expect(receive(body.slice(0, length))).toMatchObject({ status: 400, accepted: false });
        }),
        { numRuns: 200 },
      );
    });
  });
});
