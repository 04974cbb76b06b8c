// All benchmarks, one after the other; each prints its goals and what was measured. Of one, parts may be named:
// `npm run bench -- repository:small,s3`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findNode, installDependencies, root } from './ready.mjs';

installDependencies();
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0
  ? wanted
  : [
      'startup',
      'stack',
      'plan',
      'lint',
      'routes',
      'delivery',
      'log-shipping',
      'inbox',
      'alert-history',
      'repository',
      'demo',
    ]) {
  process.stdout.write(`== ${name}\n`);
  const [file, parts] = name.split(':');
  const args = [join(root, 'bench', `${file}.ts`), ...(parts?.split(',') ?? [])];
  const { status } = spawnSync(findNode(), args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
