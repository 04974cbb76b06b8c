import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { pluginSchemas } from '../../src/cli/load-stack.ts';
import { configSchema } from '../../src/config/schema.ts';
import { holdsSecret } from '../../src/config/secret-keys.ts';
import { shownValues } from '../../src/config/show.ts';
import { HEAD, load, mistakes } from './workplace.ts';

const schemas = await pluginSchemas(catalog);

/** Two jobs in the format of Prometheus: the first with every way to write a secret, the second with none. */
const FILE = (password: string) => `${HEAD}components: {prometheus: }
scrape_jobs:
  - job_name: secret
    basic_auth: {username: scraper, password: ${password}}
    authorization: {credentials: hunter2-b}
    proxy_url: http://scraper:hunter2-c@proxy.example.org:3128
    http_headers:
      X-Api-Key: {secrets: [hunter2-d]}
      Authorization: {values: [Bearer hunter2-e], files: [/etc/header]}
    proxy_connect_header: {Proxy-Authorization: [hunter2-g]}
    tls_config: {key: hunter2-h}
    oauth2: {client_id: scraper, client_certificate_key: hunter2-i}
    static_configs: [{targets: ['10.0.0.5:9100'], labels: {team: network}}]
  - job_name: plain
    basic_auth: {username: scraper, password_file: /etc/password}
    static_configs: [{targets: ['10.0.0.6:9100']}]
`;

describe('a secret in a scrape job', () => {
  it('is not shown with the values in force; what is none is', async () => {
    const config = await load(FILE('hunter2-a'));
    const shown = shownValues(config, configSchema(schemas))
      .map(({ text }) => text)
      .join('\n');
    expect(shown).not.toContain('hunter2');
    for (const plain of ['10.0.0.5:9100', 'network', 'scraper', '/etc/password', '/etc/header'])
      expect(shown).toContain(plain);
  });

  it('is not shown when it comes from the environment', async () => {
    const config = await load(FILE("'${env:TOKEN}'"), { TOKEN: 'hunter2-f' });
    const shown = shownValues(config, configSchema(schemas));
    expect(JSON.stringify(shown)).not.toContain('hunter2');
  });

  it('makes the file that holds it one of its owner', async () => {
    const { document } = await load(FILE('hunter2-a'));
    expect(document.scrape_jobs.map((job) => holdsSecret(job))).toEqual([true, false]);
  });

  it('cannot be a reference, which nobody would fill in', async () => {
    const text = await mistakes(FILE("'${secret:TOKEN}'"), { TOKEN: 'hunter2-a' });
    expect(text).toContain('LS-CONFIG-014 scrape_jobs[0].basic_auth.password takes no secret');
    expect(text).toContain('password_file');
    const overlay = `${HEAD}components: {prometheus: }
environments:
  production:
    scrape_jobs: [{job_name: a, bearer_token: '\${secret:TOKEN}'}]
`;
    expect(await mistakes(overlay, { TOKEN: 'x' }, {}, 'production')).toContain('LS-CONFIG-014');
  });
});
