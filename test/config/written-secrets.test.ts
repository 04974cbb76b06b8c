import { expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { pluginSchemas } from '../../src/cli/load-stack.ts';
import { linesWithSecrets } from '../../src/config/written-secrets.ts';

const schemas = await pluginSchemas(catalog);

it('finds secrets that are written out, in fields for secrets and in scrape jobs', () => {
  const text = `stack: x
receivers:
  team:
    slack:
      - webhook_url: https://hooks.slack.com/services/T/B/x
        channel: '#a'
      - webhook_url: \${secret:OTHER}
scrape_jobs:
  - job_name: a
    basic_auth: {username: u, password: hunter2}
    authorization:
      credentials_file: /etc/token
  - job_name: b
    basic_auth: {username: u, password_file: /etc/password}
    authorization: {credentials: abc}
environments:
  production:
    receivers:
      team:
        webhook:
          - url: https://example.org/hook/s3cret
`;
  expect(linesWithSecrets(text, schemas)).toEqual([5, 10, 15, 21]);
});

it('finds the password in a URL and the secrets of a header', () => {
  const text = `stack: x
scrape_jobs:
  - job_name: a
    proxy_url: http://scraper:hunter2@proxy.example.org:3128
    http_headers: {X-Api-Key: {secrets: [abc]}}
    static_configs: [{targets: ['10.0.0.5:9100']}]
`;
  expect(linesWithSecrets(text, schemas)).toEqual([4, 5]);
});

it('finds nothing where secrets are named', () => {
  const text = `stack: x
components: {prometheus: {port: 9090}}
receivers: {team: {webhook: [{url: "\${secret:HOOK}"}]}}
`;
  expect(linesWithSecrets(text, schemas)).toEqual([]);
});
