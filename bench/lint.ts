// The semantic lint of 1,000 rules, against promtool's own check of the same files in the same run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from '../src/inspection/inspect.ts';
import { readDirectory } from '../src/inspection/read/directory.ts';
import { fileLookup } from '../src/inspection/read/file-lookup.ts';
import { readModel } from '../src/inspection/read/read-model.ts';
import { generations, requirePrograms } from '../test/integration/programs.ts';
import { median, report, timeCommand } from './measure.ts';

const RULES = 1000;
const FILES = 20;
const ROUNDS = 5;

function ruleFile(file: number): string {
  const rules = Array.from({ length: RULES / FILES }, (_, index) => {
    const name = `Alert${file}x${index}`;
    return `      - alert: ${name}
        expr: |
          100 * sum by (job, instance) (rate(app_${index}_errors_total{job="app-${file}", code=~"5.."}[5m]))
            / (sum by (job, instance) (rate(app_${index}_requests_total{job="app-${file}"}[5m])) > 0)
            > ${index}
        for: 10m
        labels: { severity: ${index % 3 === 0 ? 'critical' : 'warning'}, team: team-${file} }
        annotations:
          summary: '{{ $labels.job }} on {{ $labels.instance }} fails'
          description: 'For ten minutes, {{ printf "%.3g" $value }} % of its answers are errors.'
`;
  });
  return `groups:\n  - name: group-${file}\n    rules:\n${rules.join('')}`;
}

function writeFiles(directory: string): string[] {
  const jobs = Array.from(
    { length: FILES },
    (_, file) => `  - { job_name: app-${file}, static_configs: [{ targets: ['app-${file}:8080'] }] }\n`,
  );
  const prometheus = `rule_files: ['rules-*.yml']\nscrape_configs:\n${jobs.join('')}`;
  const routes = Array.from(
    { length: FILES },
    (_, file) => `    - { matchers: ['team="team-${file}"'], receiver: team }\n`,
  );
  const alertmanager = `route:\n  receiver: team\n  routes:\n${routes.join('')}receivers:
  - { name: team, webhook_configs: [{ url: 'https://hooks.town.test/x' }] }
inhibit_rules:
  - source_matchers: ['severity="critical"']
    target_matchers: ['severity="warning"']
    equal: [job, instance]
`;
  writeFileSync(join(directory, 'prometheus.yml'), prometheus);
  writeFileSync(join(directory, 'alertmanager.yml'), alertmanager);
  return Array.from({ length: FILES }, (_, file) => {
    const path = join(directory, `rules-${file}.yml`);
    writeFileSync(path, ruleFile(file));
    return path;
  });
}

async function lint(directory: string): Promise<number> {
  const start = performance.now();
  const { files, names } = await readDirectory(directory, (path) => path);
  const model = readModel({ origin: 'files', files, fileExists: fileLookup(names, [directory]) });
  inspect({ model, waivers: [], today: '2026-11-24' });
  return performance.now() - start;
}

const directory = mkdtempSync(join(tmpdir(), 'leitstand-bench-'));
try {
  const ruleFiles = writeFiles(directory);
  const first = await lint(directory);
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round++) warm.push(await lint(directory));
  report([
    { name: `lint of ${RULES} rules, first in the process`, measured: first, goal: 1000, unit: 'ms' },
    { name: `lint of ${RULES} rules, warm`, measured: median(warm), goal: 500, unit: 'ms' },
  ]);
  const [generation] = generations;
  const promtool = generation && (await requirePrograms(generation)).get('promtool')?.path;
  if (promtool !== undefined) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++)
      times.push(timeCommand(promtool, ['check', 'rules', ...ruleFiles]));
    report([
      {
        name: 'first lint, in runs of `promtool check rules`',
        measured: first / median(times),
        goal: 10,
        unit: 'x',
      },
    ]);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
