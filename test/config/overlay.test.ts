import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeOverlay, REMOVED } from '../../src/config/overlay.ts';
import { Places } from '../../src/config/places.ts';
import { HEAD, inDirectory, load, loadIn, mistakes } from './workplace.ts';

const FILE = `${HEAD}components:
  prometheus: {retention: 15d, memory: 1GiB}
  alertmanager:
receivers:
  team:
    webhook: [{url: http://127.0.0.1:5001/a}, {url: http://127.0.0.1:5001/b}]
routing: {default: team}
environments:
  staging:
    components:
      prometheus: {retention: 30d}
  production:
    components:
      prometheus: {retention: 90d, memory: null}
    receivers:
      team:
        webhook: [{url: https://example.org/hook}]
      on-call:
        webhook: [{url: https://example.org/on-call}]
    routing: {severity: {critical: on-call}}
`;

describe('an overlay', () => {
  it('changes what it names and nothing else; lists are replaced, null takes out', async () => {
    const local = await load(FILE);
    expect(local.document.environment).toBe('local');
    expect(local.document.components['prometheus']).toMatchObject({ retention: '15d', memory: '1GiB' });
    const { document } = await load(FILE, {}, {}, 'production');
    expect(document.environment).toBe('production');
    expect(document.components['prometheus']).toMatchObject({ retention: '90d' });
    expect(document.components['prometheus']).not.toHaveProperty('memory');
    expect(document.components['alertmanager']).toEqual({ port: 9093 });
    expect(document.receivers['team']).toEqual({ webhook: [{ url: 'https://example.org/hook' }] });
    expect(document.routing).toMatchObject({ default: 'team', severity: { critical: 'on-call' } });
    expect(document).not.toHaveProperty('environments');
  });

  it('is chosen by the caller, by LEITSTAND_ENV, by .env, by the file, in this order', async () => {
    const file = FILE.replace('environments:', 'environment: staging\nenvironments:');
    const chosen = async (env: Record<string, string>, asked?: 'production') => {
      const { document, isEnvironmentChosen } = await load(file, env, {}, asked);
      return [document.environment, isEnvironmentChosen];
    };
    expect(await chosen({})).toEqual(['staging', false]);
    expect(await chosen({ LEITSTAND_ENV: 'staging' })).toEqual(['staging', true]);
    expect(await chosen({ LEITSTAND_ENV: 'staging' }, 'production')).toEqual(['production', true]);
    await inDirectory({ 'leitstand.yaml': file, '.env': 'LEITSTAND_ENV=production\n' }, async (directory) => {
      expect((await loadIn(directory)).document.environment).toBe('production');
    });
  });

  it('is refused where LEITSTAND_ENV names none: local settings do not pass for those of `prod`', async () => {
    expect(await mistakes(FILE, { LEITSTAND_ENV: 'prod' })).toContain('LEITSTAND_ENV is `prod`');
    expect(await mistakes(FILE, {}, { '.env': 'LEITSTAND_ENV=Production\n' })).toContain(
      'did you mean `production`?',
    );
    expect((await load(FILE, { LEITSTAND_ENV: '' })).document.environment).toBe('local');
  });

  it('cannot give the daemon a port that a component has', async () => {
    const file = FILE.replace('  staging:\n', '  staging:\n    daemon: {port: 9093}\n');
    expect(await mistakes(file, {}, {}, 'staging')).toContain(
      'port 9093 is used twice: by components.alertmanager.port (its default) and by daemon.port',
    );
  });

  it('takes nothing out through an alias to an empty value', async () => {
    const file = `${HEAD}components: &all
  prometheus:
  alertmanager:
environments:
  production:
    components: *all
`;
    const { document } = await load(file, {}, {}, 'production');
    expect(Object.keys(document.components)).toEqual(['prometheus', 'alertmanager']);
  });

  it('needs the secrets and variables of its own environment only', async () => {
    const file = FILE.replace('https://example.org/hook', "'${env:PRODUCTION_ONLY}'").replace(
      'http://127.0.0.1:5001/a',
      "'${env:BASE_ONLY}'",
    );
    const [base, production] = [{ BASE_ONLY: 'http://a/' }, { PRODUCTION_ONLY: 'http://b/' }];
    expect((await load(file, base)).document.environment).toBe('local');
    // The list that needs BASE_ONLY is replaced in production.
    expect((await load(file, production, {}, 'production')).document.environment).toBe('production');
    expect(await mistakes(file, {}, {}, 'production')).toMatchInlineSnapshot(`
      "
      LS-CONFIG-012 environments.production.receivers.team.webhook[0].url needs the environment variable PRODUCTION_ONLY, which is not set
        leitstand.yaml:19:26
         19 |         webhook: [{url: '\${env:PRODUCTION_ONLY}'}]
            |                          ^^^^^^^^^^^^^^^^^^^^^^
        fix: set PRODUCTION_ONLY in the environment or in .env beside the file, or give a default: \${env:PRODUCTION_ONLY:-value}
      "
    `);
  });

  it('that does not exist is refused rather than left out', async () => {
    const file = FILE.replace(/  staging:[^]*?  production:/, '  production:');
    expect(await mistakes(file, {}, {}, 'staging')).toMatchInlineSnapshot(`
      "
      LS-CONFIG-021 the file says nothing about the environment staging
        leitstand.yaml:10:1
        why: \`--env\` asks for it
         10 | environments:
            | ^^^^^^^^^^^^
        fix: environments of this file are: local, production; add \`environments: {staging: {…}}\`, or write \`environment: staging\` when the file is for nothing else
      "
    `);
    expect(
      await mistakes(`${HEAD}components: {alertmanager: }\n`, { LEITSTAND_ENV: 'production' }),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-021 the file says nothing about the environment production
        leitstand.yaml:1:1
        why: LEITSTAND_ENV asks for it
          1 | schema: 1
            | ^^^^^^^^^
        fix: environments of this file are: local; add \`environments: {production: {…}}\`, or write \`environment: production\` when the file is for nothing else
      "
    `);
  });

  it('reports its mistakes in every environment, at its own lines', async () => {
    const file = FILE.replace('retention: 30d', 'retention: 30')
      .replace('severity: {critical: on-call}', 'severity: {critical: on-cal}')
      .replace('  staging:', '  staging:\n    stack: other\n    inbox: {prot: 1}');
    const local = await mistakes(file, {});
    expect(local).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`stack\` in environments.staging
        leitstand.yaml:12:5
         12 |     stack: ********
            |     ^^^^^
        fix: keys here are: state_dir, language, components, receivers, routing, attach, scrape_jobs, rules, inbox, alert_test, daemon, backup, provision, check

      LS-CONFIG-004 unknown key \`prot\` in inbox
        leitstand.yaml:13:13
         13 |     inbox: {prot: 1}
            |             ^^^^
        fix: did you mean \`port\`?

      LS-CONFIG-006 components.prometheus.retention is 30; a duration needs a unit, e.g. 15s
        leitstand.yaml:15:31
         15 |       prometheus: {retention: 30}
            |                               ^^
        fix: write 30s, 30m, 30h or 30d

      LS-CONFIG-010 routing.severity.critical names the receiver \`on-cal\`, which does not exist
        leitstand.yaml:24:36
         24 |     routing: {severity: {critical: on-cal}}
            |                                    ^^^^^^
        fix: did you mean \`on-call\`?
      "
    `);
    expect(await mistakes(file, {}, {}, 'production')).toBe(local);
  });

  it('that takes out a needed key is named for it', async () => {
    const file = FILE.replace('routing: {severity', 'routing: {default: null, severity').replace(
      '{url: https://example.org/hook}',
      '{url: null}',
    );
    expect(await mistakes(file, {}, {}, 'production')).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 receivers.team.webhook[0].url has no value
        leitstand.yaml:19:25
         19 |         webhook: [{********: null}]
            |                              ^^^^
        fix: write a value behind the colon, or delete the line

      LS-CONFIG-007 routing lacks the key \`default\`
        leitstand.yaml:22:24
        why: environments.production takes it out; alerts of a severity without a route would reach nobody
         22 |     routing: {default: null, severity: {critical: on-call}}
            |                        ^^^^
        fix: add \`default: team\` below \`routing:\`
      "
    `);
  });

  it('may have a misspelt name', async () => {
    expect(await mistakes(FILE.replace('  production:', '  prodution:'), {})).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`prodution\` in environments
        leitstand.yaml:14:3
         14 |   prodution:
            |   ^^^^^^^^^
        fix: did you mean \`production\`?
      "
    `);
  });
});

describe('where a value comes from', () => {
  it('is the line of the file, the overlay, a variable, a secret, or a default', async () => {
    const file = FILE.replace('retention: 90d', "retention: '${env:DAYS}d'");
    const config = await load(file, { DAYS: '120' }, {}, 'production');
    const origin = (...path: (string | number)[]) => config.origin(path);
    expect(origin('stack')).toEqual({ kind: 'file', line: 2, references: [] });
    expect(origin('components', 'prometheus', 'retention')).toEqual({
      kind: 'overlay',
      environment: 'production',
      line: 16,
      references: ['DAYS (environment variable)'],
    });
    expect(origin('components', 'prometheus', 'port')).toEqual({ kind: 'default', references: [] });
    expect(origin('components', 'prometheus', 'memory')).toMatchObject({ kind: 'overlay', line: 16 });
    expect(origin('environment')).toEqual({ kind: 'chosen', references: [] });
  });
});

describe('merging', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer(), { maxLength: 3 }));
  const { tree } = fc.letrec<{ tree: Record<string, unknown>; node: unknown }>((tie) => ({
    tree: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { maxKeys: 3 }),
    node: fc.oneof({ maxDepth: 3 }, leaf, tie('tree')),
  }));
  const merged = (base: unknown, overlay: unknown) =>
    mergeOverlay({ ...(base as object), environments: { staging: overlay } }, new Places(), 'staging').value;

  it('of nothing changes nothing, of itself neither', () => {
    fc.assert(
      fc.property(tree, (base) => {
        expect(merged(base, {})).toEqual(base);
        expect(merged(base, base)).toEqual(base);
      }),
    );
  });

  it('leaves what the overlay says, and keeps what it does not name', () => {
    fc.assert(
      fc.property(tree, tree, (base, overlay) => {
        const result = merged(base, overlay) as Record<string, unknown>;
        expect(merged(result, overlay)).toEqual(result);
        for (const key of Object.keys(base)) if (!(key in overlay)) expect(result[key]).toEqual(base[key]);
        for (const key of Object.keys(overlay)) expect(result).toHaveProperty(key);
      }),
    );
  });

  it('takes out what is removed, at any depth', () => {
    fc.assert(
      fc.property(tree, (base) => {
        const all = Object.fromEntries(Object.keys(base).map((key) => [key, REMOVED]));
        expect(merged(base, all)).toEqual({});
        expect(merged({ x: base }, { x: all })).toEqual({ x: {} });
      }),
    );
  });
});
