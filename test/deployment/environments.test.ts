import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { pluginSchemas } from '../../src/cli/load-stack.ts';
import { stackOf } from '../../src/cli/stack-of-document.ts';
import { loadConfig } from '../../src/config/load.ts';
import { makePlans, neededPrograms } from '../../src/deployment/plans.ts';
import type { Plan } from '../../src/stack/plan.ts';
import { ENVIRONMENTS, type EnvironmentName } from '../../src/stack/stack.ts';
import { parseVersion } from '../../src/stack/version.ts';

const file = fileURLToPath(new URL('../fixtures/rathaus-nord/leitstand.yaml', import.meta.url));
const golden = fileURLToPath(new URL('../golden/environments', import.meta.url));
const SECRET = 'SECRET7f3a';

const GENERATIONS = {
  current: { prometheus: '3.16.0', alertmanager: '0.31.1', others: '1.12.1' },
  debian: { prometheus: '2.42.0', alertmanager: '0.25.0', others: '1.5.0' },
} as const;

async function plansOf(environment: EnvironmentName, generation: keyof typeof GENERATIONS): Promise<Plan[]> {
  const [components, receivers] = [await catalog.components(), await catalog.receivers()];
  const config = await loadConfig({
    file,
    schemas: await pluginSchemas(catalog),
    env: {
      SLACK_WEBHOOK_URL: `https://hooks.slack.com/services/T00000000/B00000000/${SECRET}00000000000000`,
      PAGER_URL: `https://pager.example.org/${SECRET}`,
    },
    environment,
  });
  const stack = stackOf(config, { components, receivers, env: {} });
  const versions = GENERATIONS[generation];
  const programs = neededPrograms(stack, components).map(({ name }) => {
    const text = name.startsWith('prom')
      ? versions.prometheus
      : name.startsWith('a')
        ? versions.alertmanager
        : versions.others;
    const version = parseVersion(text) ?? { major: 0, minor: 0, patch: 0 };
    return [name, { name, path: `/srv/programs/${name}`, version, origin: 'configured' }] as const;
  });
  return makePlans(stack, components, new Map(programs), {
    place: (component) => ({
      config: `/srv/rendered/${component}`,
      data: `/srv/data/${component}`,
      secret: (name) => `/srv/secrets/${component}/${name}`,
      listen: (port) => `127.0.0.1:${port}`,
      address: (_other, port) => `127.0.0.1:${port}`,
      externalUrl: (port) => `http://127.0.0.1:${port}`,
    }),
  });
}

/** What runs and what it reads; of the shipped rules only what the file changes, since each has golden files of its own. */
function outline(plans: readonly Plan[]): string {
  return plans
    .map((plan) => {
      const files = plan.files.map(({ path, content, mode }) => {
        const title = `--- ${path} ${(mode ?? 0o644).toString(8)}`;
        return path.startsWith('rules/') ? `${title}\n${alertLines(content)}` : `${title}\n${content}`;
      });
      const memory = plan.memoryLimit === undefined ? '' : `memory ${plan.memoryLimit}\n`;
      return `=== ${plan.component}\n${plan.args.join('\n')}\n${memory}${files.join('')}`;
    })
    .join('\n');
}

function alertLines(content: string): string {
  return content
    .split('\n')
    .filter((line) => /^\s*(- alert|for|severity):/.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

describe.each(ENVIRONMENTS)('the whole stack in %s', (environment) => {
  it.each(['current', 'debian'] as const)('is the golden one, with %s programs', async (generation) => {
    const text = outline(await plansOf(environment, generation));
    await expect(text).toMatchFileSnapshot(`${golden}/${environment}-${generation}.txt`);
    const open = (await plansOf(environment, generation)).flatMap(({ files }) =>
      files.filter(({ mode }) => ((mode ?? 0o644) & 0o077) !== 0).map(({ content }) => content),
    );
    expect(open.join('')).not.toContain(SECRET);
  });
});
