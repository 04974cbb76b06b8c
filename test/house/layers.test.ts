import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const FORBIDDEN = [
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
] as const;

const ALLOWED = [
  ['drill', '../../components/prometheus/api.ts'],
  ['components/pushgateway', '../../../stack/version.ts'],
  ['receivers/slack', '../../texts/words.ts'],
  ['cli', '../../deployment/up.ts'],
] as const;

const importOf = (target: string) => `import '${target}';\n`;
const AT_RUN_TIME = `export const late = await import('../../cli/errors.ts');\n`;
const UNAWAITED = `async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n`;

/** Rules that were broken, by the folder and the source of the file that was planted there. */
const found = new Map<string, readonly string[]>();
const planted = new Map<string, string>();
const key = (folder: string, source: string) => `${folder}: ${source}`;

/** One run of the linter for all files, planted in the real tree, so that the real configuration is what is tested. */
beforeAll(() => {
  for (const [folder, target] of [...FORBIDDEN, ...ALLOWED]) plant(folder, importOf(target));
  plant('repository', AT_RUN_TIME);
  plant('platform', UNAWAITED);
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format=json', ...planted.keys()],
    { cwd: root, encoding: 'utf8' },
  );
  const { diagnostics, number_of_files } = JSON.parse(stdout) as {
    readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
    readonly number_of_files: number;
  };
  if (number_of_files !== planted.size)
    throw new Error(`${number_of_files} of ${planted.size} files were looked at`);
  for (const [file, name] of planted) {
    const own = diagnostics.filter(({ filename }) => filename === relative(root, file));
    found.set(
      name,
      own.map(({ code }) => code),
    );
  }
}, 60_000);

afterAll(() => {
  for (const file of planted.keys()) rmSync(join(file, '..'), { recursive: true, force: true });
});

function plant(folder: string, source: string): void {
  const file = join(mkdtempSync(join(root, 'src', folder, 'planted-')), 'planted.ts');
  planted.set(file, key(folder, source));
  writeFileSync(file, source);
}

function lint(folder: string, source: string): string {
  const codes = found.get(key(folder, source));
  if (!codes) throw new Error(`nothing was planted for ${key(folder, source)}`);
  return codes.join('\n');
}

describe('the layer rules', () => {
  it.each(FORBIDDEN)('%s may not import %s: %s', (folder, target) => {
    expect(lint(folder, importOf(target))).toContain('no-restricted-imports');
  });

  it('holds for imports at run time too', () => {
    expect(lint('repository', AT_RUN_TIME)).toContain('no-restricted-imports');
  });

  it.each(ALLOWED)('%s may import %s', (folder, target) => {
    expect(lint(folder, importOf(target))).not.toContain('no-restricted-imports');
  });

  it('a promise that nobody waits for is an error', () => {
    expect(lint('platform', UNAWAITED)).toContain('no-floating-promises');
  });
});
