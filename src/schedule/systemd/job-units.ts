import { dirname, isAbsolute } from 'node:path';
import { ALLOCATOR } from '../../platform/allocator.mjs';
import { quoteForExec, quoteForUnit, servedIn, type SystemdScope, unitHead } from '../../platform/systemd.ts';
import { hardeningLines, isInHome } from '../../platform/systemd-hardening.ts';
import type { ScheduledJob } from '../../stack/job.ts';
import { scheduleErrors } from '../errors.ts';
import { LONGEST_WAIT_MS } from '../turn.ts';
import { onCalendar } from './on-calendar.ts';

/** As whom and with what the jobs of a stack run. */
export interface JobPlace {
  readonly stack: string;
  readonly scope: SystemdScope;
  /** Of the system's units and of cron; a user's manager runs everything as that user. */
  readonly user: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  /** Absent: backups go elsewhere. */
  readonly backupDir?: string;
  readonly textfileDir?: string;
  /** Executables from outside the cache. */
  readonly programs: readonly string[];
  readonly seesHome: boolean;
  /** What starts Leitstand, absolute: `[node, …/leitstand.mjs]`. */
  readonly leitstand: readonly string[];
  /** Of `--file` and `--env`. */
  readonly file: string;
  readonly environment: string;
}

export interface HandedOver {
  readonly job: ScheduledJob;
  /** Milliseconds: it begins later by a time up to this, of each machine its own. */
  readonly jitterMs: number;
}

export interface UnitFile {
  /** `leitstand-rathaus-nord.backup.timer` */
  readonly name: string;
  readonly text: string;
}

export const WRITER = 'leitstand schedule install';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** To give alerts back, to remove what was restored. */
const STOP_SECONDS = 30;

/** The command that timers and cron call. */
export function dueCommand({ leitstand, file, environment }: JobPlace, { name }: ScheduledJob): string[] {
  return [...leitstand, 'schedule', 'run', name, '--if-due', '--file', file, '--env', environment];
}

/** Of timers and of cron. The launcher, which would say how memory is held, has no part in them: they start Node itself. */
export function jobEnvironment({ cacheDir }: JobPlace): Readonly<Record<string, string>> {
  return { PATH, LEITSTAND_CACHE_DIR: cacheDir, ...ALLOCATOR };
}

export function unitName(stack: string, job: string, suffix: 'service' | 'timer'): string {
  // A dot is in no name of a stack: the unit of a stack `a-backup` is another one.
  return `leitstand-${stack}.${job}.${suffix}`;
}

/** The state directory that a unit of ours is for; undefined when it is not ours. */
export function jobUnitFor(text: string): string | undefined {
  return servedIn(WRITER, text);
}

/** A service and a timer. Throws LS-SCHEDULE-001 for times that systemd cannot say. Holds no secret. */
export function jobUnits(place: JobPlace, handedOver: HandedOver): readonly [UnitFile, UnitFile] {
  const { stack } = place;
  const { name } = handedOver.job;
  return [
    { name: unitName(stack, name, 'service'), text: unitText(place, serviceSections(place, handedOver.job)) },
    { name: unitName(stack, name, 'timer'), text: unitText(place, timerSections(place, handedOver)) },
  ];
}

function unitText({ stateDir }: JobPlace, sections: readonly (readonly string[])[]): string {
  return `${[unitHead(WRITER, stateDir), ...sections].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function serviceSections(place: JobPlace, job: ScheduledJob): string[][] {
  const { stack, scope, user, stateDir, cacheDir } = place;
  const environment = Object.entries(jobEnvironment(place)).map((entry) => entry.join('='));
  const isSystem = scope === 'system';
  return [
    [
      '[Unit]',
      `Description=Leitstand, ${job.name} of the monitoring stack ${stack}`,
      ...(isSystem ? ['Wants=network-online.target', 'After=network-online.target time-sync.target'] : []),
      `After=leitstand-${stack}.service`,
      `RequiresMountsFor=${[stateDir, cacheDir].map(quoteForUnit).join(' ')}`,
    ],
    [
      '[Service]',
      'Type=oneshot',
      `ExecStart=${dueCommand(place, job).map(quoteForExec).join(' ')}`,
      ...(isSystem ? [`User=${user}`] : []),
      '# MALLOC_*: backups take less time and memory so.',
      `Environment=${environment.map(quoteForUnit).join(' ')}`,
      '# It may wait for another job before.',
      `TimeoutStartSec=${(job.timeoutMs + (job.worksOn === undefined ? 0 : LONGEST_WAIT_MS)) / 1000 + 300}`,
      `TimeoutStopSec=${STOP_SECONDS}`,
      '# The programs come first.',
      'Nice=10',
      'IOSchedulingPriority=7',
      'UMask=0077',
      '',
      ...hardeningLines({
        scope,
        writable: writable(place),
        needsHome: place.seesHome || used(place).some(isInHome),
        // A daemon that `leitstand up` started may listen in /tmp.
        privateTmp: false,
      }),
    ],
  ];
}

function timerSections({ stack }: JobPlace, { job, jitterMs }: HandedOver): string[][] {
  const times = onCalendar(job.schedule, job.location);
  if (!times)
    throw scheduleErrors.error('LS-SCHEDULE-001', {
      what: `the times of ${job.name} cannot be said to systemd: ${job.schedule}`,
      fix: `leitstand schedule install --cron, which can; or without ${job.name}: name the others as arguments`,
    });
  return [
    ['[Unit]', `Description=When Leitstand does ${job.name} of the monitoring stack ${stack}`],
    [
      '[Timer]',
      ...times.map((time) => `OnCalendar=${time}`),
      '# What was due while the machine was off is made up for.',
      'Persistent=true',
      'AccuracySec=10s',
      ...(jitterMs === 0
        ? []
        : [`RandomizedDelaySec=${Math.round(jitterMs / 1000)}`, 'FixedRandomDelay=true']),
    ],
    ['[Install]', 'WantedBy=timers.target'],
  ];
}

function writable({ stateDir, backupDir, cacheDir, textfileDir }: JobPlace): string[] {
  return [stateDir, backupDir, cacheDir, textfileDir].filter((path) => path !== undefined);
}

function used(place: JobPlace): string[] {
  const { leitstand, file, programs } = place;
  return [
    ...writable(place),
    ...leitstand.filter((word) => isAbsolute(word)).map(dirname),
    file,
    ...programs,
  ];
}
