import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../src/platform/clock.ts';
import { runProgram } from '../../../../src/platform/processes.ts';
import type { ProvisionContext } from '../../../../src/runtimes/native/provision/source.ts';
import type { ProgramSpec } from '../../../../src/stack/program.ts';
import type { Progress } from '../../../../src/stack/progress.ts';
import type { Provisioning } from '../../../../src/stack/stack.ts';

/** A machine of its own: a directory whose `bin` is the whole PATH, and a cache. */
export class FakeMachine {
  readonly root: string;
  readonly progress: Progress[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<FakeMachine> {
    const machine = new FakeMachine(await mkdtemp(join(tmpdir(), 'leitstand-provision-')));
    for (const name of ['bin', 'home', 'wrapper']) await mkdir(join(machine.root, name));
    await writeFile(join(machine.root, 'wrapper', 'go.mod'), 'module fake\n\ngo 1.22.1\n');
    await writeFile(join(machine.root, 'wrapper', 'go.sum'), '');
    return machine;
  }

  get cacheDir(): string {
    return join(this.root, 'cache');
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true });
  }

  /** Puts a shell script on PATH; it has no other programs than those it names absolutely. */
  async tool(name: string, script: string): Promise<string> {
    return this.executable(join(this.root, 'bin', name), script);
  }

  async executable(path: string, script: string): Promise<string> {
    // Written by a child: a file that this process has open for writing may be open in what other threads start.
    const draft = `${path}.draft`;
    await writeFile(draft, `#!/bin/sh\n${script}\n`);
    await runProgram('/bin/cp', [draft, path]);
    await rm(draft);
    await chmod(path, 0o755);
    return path;
  }

  /** apt-get and dpkg-deb that have one package with these programs: path in the package → version text. */
  async debian(programs: Readonly<Record<string, string>>, packageVersion: string): Promise<void> {
    const root = join(this.root, 'package');
    for (const [path, version] of Object.entries(programs)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await this.executable(join(root, path), `echo '${version}'`);
    }
    await this.tool(
      'apt-get',
      `${this.#note('apt-get')}
for last; do :; done
case "$*" in *update) exit 0;; *download*) echo deb > "\${last}_${packageVersion}_all.deb";; esac`,
    );
    await this.tool(
      'dpkg-deb',
      `case "$1" in -x) /bin/cp -a '${root}/.' "$3";; -f) echo '${packageVersion}';; esac`,
    );
  }

  /** A go whose `build` writes an executable that prints no version, as real builds do; `before` runs first. */
  async go(version: string, before = ''): Promise<void> {
    await this.tool(
      'go',
      `case "$1" in
version) if [ "$2" = -m ]; then exit 1; fi; echo 'go version go${version} linux/amd64';;
env) echo "\${GOTOOLCHAIN:-local}";;
list) echo a; echo b; echo c;;
build) ${this.#note('go-build')}
${before}
while [ "$1" != -o ]; do shift; done
name="\${2##*/}"
echo a >&2
printf '#!/bin/sh\\necho "%s, version  (branch: )"\\n' "$name" > "$2"; /bin/chmod 755 "$2";;
esac`,
    );
  }

  /** Calls of a fake tool so far. */
  async calls(tool: string): Promise<number> {
    const text = await readFile(join(this.root, `${tool}.calls`), 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  }

  #note(tool: string): string {
    return `echo "$*" >> '${this.root}/${tool}.calls'`;
  }

  context(
    provisioning: Partial<Provisioning> = {},
    options: Partial<ProvisionContext> = {},
  ): ProvisionContext {
    return {
      provisioning: {
        sources: ['cache', 'debian', 'go'],
        paths: {},
        cacheDir: this.cacheDir,
        ...provisioning,
      },
      env: { PATH: join(this.root, 'bin'), HOME: join(this.root, 'home') },
      run: runProgram,
      clock: systemClock,
      onProgress: (event) => void this.progress.push(event),
      ...options,
    };
  }

  texts(): string[] {
    return this.progress.flatMap((event) => ('text' in event ? [event.text] : []));
  }

  /** A program and its tool, as prometheus and promtool are. */
  specs(): { readonly main: ProgramSpec; readonly tool: ProgramSpec } {
    const go = { wrapper: join(this.root, 'wrapper'), version: '3.16.0', expectedSeconds: 1 };
    return {
      main: {
        name: 'mainprog',
        debian: { package: 'main', path: 'usr/bin/debian-main' },
        go: { ...go, package: 'example.org/main/cmd/mainprog' },
      },
      tool: {
        name: 'maintool',
        debian: { package: 'main', path: 'usr/bin/maintool' },
        go: { ...go, package: 'example.org/main/cmd/maintool' },
      },
    };
  }

  async debianOfSpecs(): Promise<void> {
    const programs = {
      'usr/bin/debian-main': 'mainprog, version 2.42.0+ds (branch: x)',
      'usr/bin/maintool': 'maintool, version 2.42.0+ds (branch: x)',
    };
    await this.debian(programs, '2.42.0+ds-5');
  }
}
