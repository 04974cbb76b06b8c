import { dirname, isAbsolute } from 'node:path';
import { quoteForExec, quoteForUnit, type SystemdScope } from '../../platform/systemd.ts';

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
  /** Executables that the stack runs from outside the cache. */
  readonly programs: readonly string[];
  /** A node-exporter measures the disks under /home as well. */
  readonly seesHome: boolean;
}

/** First line of every unit of ours: others are not touched. */
const UNIT_MARK = '# Written by `leitstand service install`: changes are lost with the next one.';
const STATE_LINE = '# State directory: ';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** A daemon that is not needed, since another serves the stack: starting it again would not help. */
const LOCKED = 11;

/** The unit as text. Holds no secret: the daemon reads none, and the programs read theirs from the state directory. */
export function renderUnit(spec: ServiceSpec): string {
  const sections = [
    [
      UNIT_MARK,
      // As in JSON, so that whatever the path holds, it stays one line.
      `${STATE_LINE}${JSON.stringify(spec.stateDir)}`,
    ],
    unitSection(spec),
    serviceSection(spec),
    ['[Install]', `WantedBy=${spec.scope === 'system' ? 'multi-user.target' : 'default.target'}`],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** The state directory that a unit of ours serves; undefined when it is not ours. */
export function servedStateDir(unit: string): string | undefined {
  if (!unit.startsWith(UNIT_MARK)) return undefined;
  const line = unit.split('\n').find((each) => each.startsWith(STATE_LINE));
  try {
    const value: unknown = JSON.parse(line?.slice(STATE_LINE.length) ?? '');
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
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
    ...hardening(spec),
  ];
}

/** No MemoryDenyWriteExecute: Node compiles at run time. */
function hardening(spec: ServiceSpec): string[] {
  const everywhere = [
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'RestrictNamespaces=yes',
    // Netlink: Go and node-exporter list the network interfaces with it.
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service @pkey',
    'SystemCallErrorNumber=EPERM',
  ];
  return spec.scope === 'system' ? [...everywhere, ...fileSystemView(spec)] : everywhere;
}

/** What a user's manager cannot give without privileges. */
function fileSystemView(spec: ServiceSpec): string[] {
  const writable = [spec.stateDir, ...(spec.backupDir === undefined ? [] : [spec.backupDir]), spec.cacheDir];
  return [
    'CapabilityBoundingSet=',
    'ProtectSystem=strict',
    `ReadWritePaths=${writable.map((path) => quoteForUnit(`-${path}`)).join(' ')}`,
    `ProtectHome=${needsHome(spec) ? 'read-only' : 'yes'}`,
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectControlGroups=yes',
  ];
}

/** Hidden, a home directory could hold nothing that runs. Source: systemd.exec(5), ProtectHome. */
function needsHome(spec: ServiceSpec): boolean {
  const used = [
    spec.stateDir,
    spec.cacheDir,
    ...(spec.backupDir === undefined ? [] : [spec.backupDir]),
    // Node and what it runs; options may stand between them.
    ...spec.command.filter((word) => isAbsolute(word)).map(dirname),
    ...spec.programs,
  ];
  return spec.seesHome || used.some((path) => /^\/(?:home|root|run\/user)(?:\/|$)/.test(path));
}
