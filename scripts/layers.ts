// The layer rules of the house, as oxlint overrides: imports point down only, building blocks and use cases do not
// import each other, and only src/catalog.ts imports registries and plug-ins.
import { existsSync, readdirSync } from 'node:fs';

interface Override {
  readonly files: string[];
  readonly rules: {
    readonly 'no-restricted-imports': ['error', { patterns: { group: string[]; message: string }[] }];
  };
}

const GROUND = ['stack', 'routing', 'history', 'config', 'platform'];
const BLOCKS = ['components', 'runtimes', 'receivers', 'inbox', 'repository', 'rules'];
const USE_CASES = ['deployment', 'inspection', 'delivery', 'backup', 'drill', 'readiness', 'schedule'];
const INTERFACES = ['cli', 'daemon', 'console'];

/** What each folder of src/ may not import. platform < stack < routing < config, history; the others by layer. */
function forbiddenFor(folder: string): string[] {
  if (folder === 'platform')
    return [...INTERFACES, ...USE_CASES, ...BLOCKS, 'stack', 'routing', 'history', 'config'];
  if (folder === 'stack') return [...INTERFACES, ...USE_CASES, ...BLOCKS, 'routing', 'history', 'config'];
  if (folder === 'routing') return [...INTERFACES, ...USE_CASES, ...BLOCKS, 'history', 'config'];
  if (GROUND.includes(folder)) {
    return [...INTERFACES, ...USE_CASES, ...BLOCKS, ...(folder === 'config' ? ['history'] : ['config'])];
  }
  if (BLOCKS.includes(folder))
    return [...INTERFACES, ...USE_CASES, ...BLOCKS.filter((other) => other !== folder)];
  if (USE_CASES.includes(folder)) return [...INTERFACES, ...USE_CASES.filter((other) => other !== folder)];
  // The command line starts the daemon; the daemon and the console never look at the command line.
  return INTERFACES.filter((other) => other !== folder && folder !== 'cli');
}

function patterns(folders: readonly string[]): string[] {
  // `**` before the folder: a relative path may climb any number of levels.
  return folders.map((name) => `**/../${name}/**`);
}

/** One override for each folder, and for each plug-in, which may not import its siblings. */
export function layerOverrides(): Override[] {
  const overrides: Override[] = [];
  for (const folder of [...GROUND, ...BLOCKS, ...USE_CASES, ...INTERFACES]) {
    overrides.push({
      files: [`src/${folder}/**`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                group: patterns(forbiddenFor(folder)),
                message: `src/${folder} may not import this: imports point down.`,
              },
              {
                group: ['**/catalog.ts', '**/registry.ts'],
                message: 'Only src/catalog.ts imports registries; take what you need as an argument.',
              },
              ...(USE_CASES.includes(folder)
                ? [
                    {
                      group: ['**/../components/*/*', '!**/../components/*/api.ts'],
                      message: 'A use case may use a component only through its api.ts.',
                    },
                  ]
                : []),
            ],
          },
        ],
      },
    });
  }
  for (const family of ['components', 'receivers', 'runtimes']) {
    for (const member of membersOf(family)) {
      const siblings = membersOf(family).filter((other) => other !== member);
      overrides.push(siblingOverride(family, member, siblings));
    }
  }
  return overrides;
}

function siblingOverride(family: string, member: string, siblings: readonly string[]): Override {
  return {
    files: [`src/${family}/${member}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [...patterns(forbiddenFor(family)), ...siblings.map((name) => `**/../${name}/**`)],
              message: `A plug-in of ${family} imports ground only, never a sibling: share by a contract in stack/.`,
            },
            {
              group: ['**/catalog.ts', '**/registry.ts'],
              message: 'Only src/catalog.ts imports registries; take what you need as an argument.',
            },
          ],
        },
      ],
    },
  };
}

/** Its plug-ins: a folder without an index is what they share. */
function membersOf(family: string): string[] {
  const folder = new URL(`../src/${family}/`, import.meta.url);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/index.ts`, folder)))
    .map(({ name }) => name);
}
