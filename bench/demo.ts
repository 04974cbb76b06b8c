// The demo as a new user runs it: warm, and cold with an empty cache. `--compile` compiles everything (minutes).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Goal, report } from './measure.ts';

const script = fileURLToPath(new URL('../scripts/demo.mjs', import.meta.url));
const compile = process.argv.includes('--compile');
const scratch = mkdtempSync(join(tmpdir(), 'leitstand-bench-'));
const directory = join(scratch, 'demo');

function demo(cache: string, ...args: readonly string[]): number {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, '--directory', directory, ...args],
    {
      encoding: 'utf8',
      env: { ...process.env, LEITSTAND_CACHE_DIR: cache },
    },
  );
  if (status !== 0) throw new Error(`the demo ended with ${status}\n${stdout}${stderr}`);
  return (performance.now() - start) / 1000;
}

try {
  const cache = join(scratch, 'cache');
  const goals: Goal[] = [
    { name: "demo, cold, Debian's packages", measured: demo(cache), goal: 180, unit: 's' },
    { name: 'demo, warm, running', measured: demo(cache), goal: 30, unit: 's' },
  ];
  demo(cache, '--down');
  goals.push({ name: 'demo, warm, from nothing', measured: demo(cache), goal: 30, unit: 's' });
  demo(cache, '--down');
  if (compile) {
    const name = 'demo, compiling everything';
    goals.push({ name, measured: demo(join(scratch, 'compiled'), '--compile'), goal: 480, unit: 's' });
    demo(cache, '--down');
  }
  report(goals);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
