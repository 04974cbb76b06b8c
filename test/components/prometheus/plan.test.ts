import { expect, it } from 'vitest';
import { prometheus } from '../../../src/components/prometheus/index.ts';
import type { Json } from '../../../src/platform/canonical-json.ts';
import { alertingStack } from '../../fixtures/alerting.ts';

function configurationMode(job: Readonly<Record<string, Json>>): number | undefined {
  const version = { major: 3, minor: 16, patch: 0 };
  const { files } = prometheus.plan({
    config: prometheus.schema.parse({}),
    stack: { ...alertingStack({ receivers: {}, default: '' }), scrapeJobs: [job] },
    offers: [],
    place: {
      config: '/c',
      data: '/d',
      secret: (name) => name,
      listen: (port) => `127.0.0.1:${port}`,
      address: (_component, port) => `127.0.0.1:${port}`,
      externalUrl: (port) => `http://127.0.0.1:${port}`,
    },
    programs: (name) => ({ name, path: `/p/${name}`, version, origin: 'go' }),
  });
  return files.find(({ path }) => path === 'prometheus.yml')?.mode;
}

// A plan shows no diff of a file that only its owner may read.
it('lets only the owner read a configuration with a secret of a scrape job in it', () => {
  expect(configurationMode({ job_name: 'a', basic_auth: { username: 'u', password: 'p' } })).toBe(0o600);
  expect(configurationMode({ job_name: 'a', basic_auth: { password_file: '/p' } })).toBeUndefined();
});
