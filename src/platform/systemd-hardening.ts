import { quoteForUnit, type SystemdScope } from './systemd.ts';

export interface Confinement {
  readonly scope: SystemdScope;
  /** Absolute; those that are not there are passed over. */
  readonly writable: readonly string[];
  /** Something is used from a home directory, or from `/run/user`. */
  readonly needsHome: boolean;
  /** Nobody outside has to be found in /tmp. */
  readonly privateTmp: boolean;
}

/**
 * What a process of ours may not do, as lines of a `[Service]` section. No MemoryDenyWriteExecute: Node compiles at run
 * time. Source: systemd.exec(5).
 */
export function hardeningLines(confinement: Confinement): string[] {
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
  return confinement.scope === 'system' ? [...everywhere, ...fileSystemView(confinement)] : everywhere;
}

/** What a user's manager cannot give without privileges. */
function fileSystemView({ writable, needsHome, privateTmp }: Confinement): string[] {
  return [
    'CapabilityBoundingSet=',
    'ProtectSystem=strict',
    `ReadWritePaths=${writable.map((path) => quoteForUnit(`-${path}`)).join(' ')}`,
    `ProtectHome=${needsHome ? 'read-only' : 'yes'}`,
    ...(privateTmp ? ['PrivateTmp=yes'] : []),
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
export function isInHome(path: string): boolean {
  return /^\/(?:home|root|run\/user)(?:\/|$)/.test(path);
}
