// `leitstand` with more kinds of components than there are: the shipped ones, and copies of exporters under other
// names, with rules and scrape jobs of their own. What it costs does not depend on what a component measures.
import { fileURLToPath } from 'node:url';
import { catalog } from '../src/catalog.ts';
import { main } from '../src/cli/main.ts';
import type { AnyComponentPlugin } from '../src/stack/component.ts';

const TWINS = ['b', 'c', 'd', 'e', 'f', 'g'].map((letter) => `node-exporter-${letter}`);

function twin(plugin: AnyComponentPlugin, name: string): AnyComponentPlugin {
  const suffix = name.at(-1)?.toUpperCase() ?? '';
  return {
    ...plugin,
    name,
    rules: () => [],
    offers: (config, stack) => {
      const offer = plugin.offers(config, stack);
      return {
        component: name,
        endpoints: offer.endpoints.map((endpoint) => ({ ...endpoint, component: name })),
        scrapeJobs: offer.scrapeJobs.map((job) => ({ ...job, job: name, component: name })),
        ruleFiles: offer.ruleFiles.map(({ content, ...file }) => ({
          name: `${suffix}.${file.name}`,
          content: content.replaceAll(/(- alert: \w+)/g, `$1${suffix}`),
        })),
      };
    },
    plan: (input) => ({ ...plugin.plan(input), component: name }),
  };
}

process.exitCode = await main(
  {
    ...catalog,
    components: async () => {
      const known = await catalog.components();
      const original = known.get('node-exporter');
      if (!original) throw new Error('there is no node-exporter');
      return new Map([...known, ...TWINS.map((name) => [name, twin(original, name)] as const)]);
    },
  },
  {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    self: [process.execPath, fileURLToPath(import.meta.url)],
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
  },
);
