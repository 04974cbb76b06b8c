import { dirname, isAbsolute } from 'node:path';
import { quoteForExec, quoteForUnit, servedIn, type SystemdScope, unitHead } from '../../platform/systemd.ts';
import { type Confinement, hardeningLines, isInHome } from '../../platform/systemd-hardening.ts';

export interface ServiceSpec {
  readonly stack: string;
  readonly scope: SystemdScope;
  /** Of the system unit; a user's manager runs everything as that user. */
  readonly user: string;
  /** What runs the daemon in the foreground, absolute: `[node, …/leitstand.mjs, serve, --state-dir, …]`. */
  readonly command: readonly string[];
  readonly stateDir: string;
  readonly cacheDir: string;
  /** Absent: backups go elsewhere. */
  readonly backupDir?: string;
  /** Where backups leave their figures for a node-exporter. */
  readonly textfileDir?: string;
  /** Executables that the stack runs from outside the cache. */
  readonly programs: readonly string[];
  /** A node-exporter measures the disks under /home as well; AWS' own chain of credentials looks there. */
  readonly seesHome: boolean;
}

/** What writes it: others' units are not touched. */
const WRITER = 'leitstand service install';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** A daemon that is not needed, since another serves the stack: starting it again would not help. */
const LOCKED = 11;

/** The unit as text. Holds no secret: the daemon reads none, and the programs read theirs from the state directory. */
export function renderUnit(spec: ServiceSpec): string {
  const sections = [
    unitHead(WRITER, spec.stateDir),
    unitSection(spec),
    serviceSection(spec),
    ['[Install]', `WantedBy=${spec.scope === 'system' ? 'multi-user.target' : 'default.target'}`],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** The state directory that a unit of ours serves; undefined when it is not ours. */
export function servedStateDir(unit: string): string | undefined {
  return servedIn(WRITER, unit);
}

function unitSection({ stack, scope, stateDir, cacheDir }: ServiceSpec): string[] {
  const network =
    scope === 'system' ? ['Wants=network-online.target', 'After=network-online.target time-sync.target'] : [];
  return [
    '[Unit]',
    `Description=Leitstand, the monitoring stack ${stack}`,
    ...network,
    `RequiresMountsFor=${[stateDir, cacheDir].map(quoteForUnit).join(' ')}`,
    // It must come back however often it has failed.
    'StartLimitIntervalSec=0',
  ];
}

function serviceSection(spec: ServiceSpec): string[] {
  const { scope, user, command, stack, cacheDir } = spec;
  const isSystem = scope === 'system';
  return [
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map(quoteForExec).join(' ')}`,
    ...(isSystem ? [`User=${user}`] : []),
    `Environment=${[`PATH=${PATH}`, `LEITSTAND_CACHE_DIR=${cacheDir}`].map(quoteForUnit).join(' ')}`,
    ...(isSystem
      ? [
          // The daemon's socket: with a /tmp of its own nobody else would find it there.
          `RuntimeDirectory=leitstand-${stack}`,
          'RuntimeDirectoryMode=0700',
          `Environment=XDG_RUNTIME_DIR=/run/leitstand-${stack}`,
        ]
      : []),
    '',
    '# SIGTERM ends the daemon only; its programs go on, and the next daemon takes them over.',
    'KillMode=process',
    '# A program that the kernel ends for want of memory is restarted by the daemon, alone.',
    'OOMPolicy=continue',
    'Restart=on-failure',
    'RestartSec=2',
    `RestartPreventExitStatus=${LOCKED}`,
    'LimitNOFILE=65536',
    'UMask=0077',
    '',
    ...hardeningLines(confinementOf(spec)),
  ];
}

function confinementOf(spec: ServiceSpec): Confinement {
  const { scope, stateDir, backupDir, cacheDir, textfileDir } = spec;
  return {
    scope,
    writable: [stateDir, backupDir, cacheDir, textfileDir].filter((path) => path !== undefined),
    needsHome: needsHome(spec),
    privateTmp: true,
  };
}

function needsHome(spec: ServiceSpec): boolean {
  const used = [
    spec.stateDir,
    spec.cacheDir,
    ...(spec.backupDir === undefined ? [] : [spec.backupDir]),
    // Node and what it runs; options may stand between them.
    ...spec.command.filter((word) => isAbsolute(word)).map(dirname),
    ...spec.programs,
  ];
  return spec.seesHome || used.some(isInHome);
}
