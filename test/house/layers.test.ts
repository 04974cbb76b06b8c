import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const planted: string[] = [];

/** Lints one file planted in the real tree, so that the real configuration is what is tested. */
function lint(folder: string, source: string): string {
  const directory = mkdtempSync(join(root, 'src', folder, 'planted-'));
  planted.push(directory);
  const file = join(directory, 'planted.ts');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, source);
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', file],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return stdout;
}

afterEach(() => {
  for (const directory of planted.splice(0)) rmSync(directory, { recursive: true, force: true });
});

describe('the layer rules', () => {
  it.each([
    ['platform', '../../cli/errors.ts', 'ground imports an interface'],
    ['platform', '../../stack/version.ts', 'platform imports a contract'],
    ['stack', '../../config/fields.ts', 'a contract imports the loader'],
    ['stack', '../../routing/matcher.ts', 'a contract imports who reads it'],
    ['routing', '../../config/fields.ts', 'what is ground for the loader imports it'],
    ['repository', '../../components/prometheus/api.ts', 'a building block imports another'],
    ['components/pushgateway', '../../prometheus/plan.ts', 'a plug-in imports its sibling'],
    ['receivers/slack', '../../webhook/index.ts', 'a receiver imports its sibling'],
    ['components/pushgateway', '../../../runtimes/native/layout.ts', 'a component imports a runtime'],
    ['drill', '../../backup/run-backup.ts', 'a use case imports another'],
    ['drill', '../../components/prometheus/plan.ts', 'a use case reaches behind a component’s api'],
    ['delivery', '../../catalog.ts', 'somebody else reads the catalog'],
    ['cli', '../../receivers/registry.ts', 'somebody else reads a registry'],
    ['daemon', '../../cli/errors.ts', 'the daemon looks at the command line'],
  ])('%s may not import %s: %s', (folder, target) => {
    expect(lint(folder, `import '${target}';\n`)).toContain('no-restricted-imports');
  });

  it('holds for imports at run time too', () => {
    expect(lint('repository', `export const late = await import('../../cli/errors.ts');\n`)).toContain(
      'no-restricted-imports',
    );
  });

  it.each([
    ['drill', '../../components/prometheus/api.ts'],
    ['components/pushgateway', '../../../stack/version.ts'],
    ['receivers/slack', '../../texts/words.ts'],
    ['cli', '../../deployment/up.ts'],
  ])('%s may import %s', (folder, target) => {
    expect(lint(folder, `import '${target}';\n`)).not.toContain('no-restricted-imports');
  });

  it('a promise that nobody waits for is an error', () => {
    const source = `async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n`;
    expect(lint('platform', source)).toContain('no-floating-promises');
  });
});
