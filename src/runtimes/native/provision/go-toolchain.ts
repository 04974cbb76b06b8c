import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory, findExecutable } from '../../../platform/files.ts';
import { formatVersion, isAtLeast, parseVersion } from '../../../stack/version.ts';
import { type ProvisionContext, SourceRefused } from './source.ts';

/** Where the official archive is unpacked by its own instructions; many do not add it to PATH for services. */
const OFFICIAL_PLACE = '/usr/local/go/bin';

export function findGo(env: ProvisionContext['env']): Promise<string | undefined> {
  return findExecutable('go', `${env['PATH'] ?? ''}:${OFFICIAL_PLACE}`);
}

export interface Toolchain {
  readonly go: string;
  /** Whole environment of every `go` call. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The go command, once it is certain that it can build the wrapper module: `go` is new enough, or may fetch a newer
 * one itself (GOTOOLCHAIN, since go 1.21).
 */
export async function openToolchain(
  wrapper: string,
  temporary: string,
  context: ProvisionContext,
): Promise<Toolchain> {
  const go = await findGo(context.env);
  if (go === undefined) throw new SourceRefused(`go is neither on PATH nor in ${OFFICIAL_PLACE}`);
  const env = await buildEnvironment(temporary, context);
  const wanted = /^go\s+(\S+)/m.exec(await readFile(join(wrapper, 'go.mod'), 'utf8'))?.[1] ?? '1.21';
  const ask = async (...args: string[]) => {
    // Outside of any module, whose go.mod could send us to another toolchain.
    const options = { cwd: '/', env, signal: context.signal, timeoutMs: 60_000 };
    return (await context.run(go, args, options)).stdout.trim();
  };
  const version = parseVersion(/go(\d\S*)/.exec(await ask('version'))?.[1] ?? '');
  if (!version) throw new SourceRefused(`${go} does not tell its version`);
  if (isAtLeast(version, wanted)) return { go, env };
  const mayFetch = isAtLeast(version, '1.21') && /auto|path/.test(await ask('env', 'GOTOOLCHAIN'));
  if (!mayFetch)
    throw new SourceRefused(
      `go ${formatVersion(version)} is too old, the build needs ${wanted}, and this go may not fetch a newer one (GOTOOLCHAIN)`,
    );
  context.onProgress({ type: 'step', text: `go ${formatVersion(version)} will first fetch go ${wanted}` });
  return { go, env };
}

/**
 * The user's own Go settings (proxy, private modules, caches) hold. Only where there is no home to keep caches in
 * (a service, `nobody`), they go below Leitstand's cache.
 */
async function buildEnvironment(temporary: string, context: ProvisionContext): Promise<Toolchain['env']> {
  const { env, provisioning } = context;
  const own = join(provisioning.cacheDir, 'go');
  const homeless = !(await isWritable(env['HOME']));
  const caches = {
    GOCACHE: env['GOCACHE'] ?? (homeless && !env['XDG_CACHE_HOME'] ? join(own, 'build') : undefined),
    GOPATH: env['GOPATH'] ?? (homeless ? join(own, 'path') : undefined),
    // Read-only directories could not be removed by who clears the cache.
    GOFLAGS: homeless ? `${env['GOFLAGS'] ?? ''} -modcacherw`.trim() : env['GOFLAGS'],
  };
  await ensureDirectory(temporary);
  return {
    ...env,
    ...(homeless ? { HOME: own } : {}),
    ...caches,
    CGO_ENABLED: '0',
    GOOS: undefined,
    GOARCH: undefined,
    GOWORK: 'off',
    GO111MODULE: 'on',
    GOTMPDIR: temporary,
  };
}

async function isWritable(directory: string | undefined): Promise<boolean> {
  if (!directory) return false;
  return access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
}
