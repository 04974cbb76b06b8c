import type { Json } from '../platform/canonical-json.ts';
import type { Language } from './language.ts';
import type { Integration } from './receiver.ts';
import type { ResolveSecret, Secret } from './secret.ts';

export const ENVIRONMENTS = ['local', 'staging', 'production'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** Everything one `leitstand.yaml` describes, in one environment; frozen after loading. */
export interface Stack {
  readonly name: string;
  /** Absolute path of the configuration file. */
  readonly file: string;
  readonly environment: EnvironmentName;
  /** Somebody asked for it, rather than the file's own word being taken. */
  readonly isEnvironmentChosen: boolean;
  readonly language: Language;
  readonly stateDir: string;
  /** Who runs the components: Leitstand (`native`), or somebody else (`external`, after `attach:`). */
  readonly runtime: 'native' | 'external';
  /** Wanted components in the file's order; `config` has passed the component's schema. */
  readonly components: readonly WantedComponent[];
  readonly integrations: readonly Integration[];
  /** Receiver names in the file's order. */
  readonly receivers: readonly string[];
  readonly routing: Routing;
  readonly inbox: { readonly enabled: boolean; readonly port: number };
  readonly alertTest: AlertTestSettings;
  /** The daemon's own port on loopback, for its metrics. */
  readonly daemon: { readonly port: number };
  /** The user's scrape jobs, in Prometheus' own format; job names are unique. */
  readonly scrapeJobs: readonly Readonly<Record<string, Json>>[];
  readonly rules: RuleSettings;
  readonly waivers: readonly Waiver[];
  readonly backup: {
    readonly store: StorePlace;
    /** To whom backups are encrypted: public halves of age keys, `age1…`. Empty: not encrypted. */
    readonly recoveryKeys: readonly string[];
    readonly schedule: BackupSchedule;
    readonly retention: Retention;
    /** Source → what holds for it instead. */
    readonly retentionOf: Readonly<Record<string, Retention>>;
    /** Every stored byte is read back within so many days. */
    readonly verify: { readonly days: number };
    readonly metrics: {
      readonly prefix: string;
      readonly service: string;
      /** Absent: to a Pushgateway of this stack, not to an attached one. */
      readonly push?: boolean | undefined;
    };
  };
  readonly provision: Provisioning;
  /** For plug-ins whose settings hold `${secret:…}`. */
  readonly resolveSecret: ResolveSecret;
}

/** Of test alerts to all receivers. */
export interface AlertTestSettings {
  /** Whether they are sent by schedule. */
  readonly enabled: boolean;
  /** Five fields as of cron(5), in the time zone `location`. */
  readonly schedule: string;
  readonly location: string;
  /** Milliseconds for which a test proves anything. */
  readonly maxAgeMs: number;
  /** Where people reach the page on which they say that they saw one, without a `/` at its end. */
  readonly publicUrl?: string | undefined;
}

/** What is done with backups by schedule. */
export const BACKUP_JOBS = ['backup', 'verify', 'drill', 'prune'] as const;
export type BackupJob = (typeof BACKUP_JOBS)[number];

export interface BackupSchedule {
  /** Whether the daemon does it. */
  readonly enabled: boolean;
  readonly location: string;
  /** Milliseconds. */
  readonly jitterMs: number;
  /** Five fields as of cron(5), in the time zone `location`; absent: never. */
  readonly times: Readonly<Partial<Record<BackupJob, string>>>;
  /** Milliseconds for which one proves anything: longer than the default where they are rarer. Absent: the default. */
  readonly maxAgeMs: {
    readonly backup?: number | undefined;
    readonly drill?: number | undefined;
    readonly verify?: number | undefined;
  };
}

/** What the user changes in the shipped rules, and adds to them. */
export interface RuleSettings {
  /** Absolute paths of the user's rule files. */
  readonly files: readonly string[];
  /** Alert name → what is different from the shipped rule. */
  readonly alerts: Readonly<Record<string, AlertSettings>>;
  /** Where the runbook pages are published, without a `/` at its end; absent: nowhere. */
  readonly runbookBaseUrl?: string | undefined;
}

export interface AlertSettings {
  readonly enabled?: boolean | undefined;
  /** Duration text. */
  readonly for?: string | undefined;
  readonly severity?: string | undefined;
  /** Parameter of the rule → its value, in the parameter's own unit. */
  readonly parameters?: Readonly<Record<string, number>> | undefined;
}

/** A finding of `check` that somebody has decided to live with. */
export interface Waiver {
  readonly code: string;
  /** What it is about, as the finding names it; absent: every finding of the code. */
  readonly subject?: string | undefined;
  readonly reason: string;
  /** Last day on which it holds, `YYYY-MM-DD`. */
  readonly until: string;
}

/** Read of a file with mistakes: good for looking and stopping, never for saying that all is well. */
export interface SalvagedStack extends Stack {
  readonly salvaged: true;
}

export function isSalvaged(stack: Stack): stack is SalvagedStack {
  return 'salvaged' in stack;
}

export interface WantedComponent {
  readonly name: string;
  readonly config: unknown;
  /** `system`: the one on PATH; a number: this one and no other; absent: what the sources have. */
  readonly version?: string | undefined;
  /** Where somebody else runs it; only with the runtime `external`. */
  readonly attached?: Attachment | undefined;
}

/** A running program that is not ours. */
export interface Attachment {
  /** Base URL without credentials: may be shown. */
  readonly url: string;
  /** Its data directory, where this machine can read it. */
  readonly dataDir?: string | undefined;
  /** Its configuration file, where this machine can read it. */
  readonly configFile?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly bearerToken?: Secret | undefined;
  /** PEM file of the authority that signed its certificate. */
  readonly caFile?: string | undefined;
  /** Of an Alertmanager: base URLs of the other members of its cluster. */
  readonly peers?: readonly string[] | undefined;
}

export interface Routing {
  /** In the order in which they are tried: the first that matches takes the alert. */
  readonly routes: readonly Route[];
  /** Catches everything else: no alert goes to nobody. Empty text when there is no receiver. */
  readonly default: string;
  /** Name → when it is. */
  readonly hours: Readonly<Record<string, Hours>>;
  /** Who is pinged for as long as the Watchdog alert arrives: a dead man's switch outside. */
  readonly watchdog?: Integration | undefined;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
}

export interface Route {
  /** All must hold. */
  readonly match: readonly RouteMatch[];
  readonly receiver: string;
  /** A name in `hours`: outside of them the alert is held back, and told when they begin if it still fires. */
  readonly hours?: string | undefined;
}

export interface RouteMatch {
  readonly label: string;
  /** One of these; never empty. */
  readonly values: readonly string[];
}

/** A time interval in Alertmanager's own notation; absent: any. */
export interface Hours {
  /** `08:00-17:00`, half open. */
  readonly times: readonly { readonly from: string; readonly to: string }[];
  /** `monday:friday`, `sunday` */
  readonly weekdays: readonly string[];
  /** `1:7`, `-1` */
  readonly daysOfMonth: readonly string[];
  /** `december`, `6:8` */
  readonly months: readonly string[];
  /** IANA time zone: `Europe/Berlin`. */
  readonly location: string;
}

/** Backups that are younger than `days` are kept, and beyond it the newest of each of so many weeks, months and years. */
export interface Retention {
  readonly days: number;
  readonly weeks: number;
  readonly months: number;
  readonly years: number;
}

/** Where the repository is. `unknown`: of a file with mistakes, from which it could not be read. */
export type StorePlace = DirectoryPlace | S3Place | { readonly kind: 'unknown' };

export interface DirectoryPlace {
  readonly kind: 'directory';
  /** Absolute. */
  readonly path: string;
}

/** What is stored can be deleted by nobody before its time; the bucket must allow it. */
export interface ObjectLock {
  /** `governance`: who has a right of its own may delete all the same. `compliance`: nobody may. */
  readonly mode: 'governance' | 'compliance';
  /** How long from the backup on. Absent: as long as `retention` keeps the source's backups, and a week. */
  readonly days?: number | undefined;
}

export interface S3Place {
  readonly kind: 's3';
  /** The component of this stack that has the bucket, which is made there at the first backup. */
  readonly component?: string | undefined;
  readonly bucket: string;
  /** Without a `/` at either end; empty: the bucket's root. */
  readonly prefix: string;
  readonly region?: string | undefined;
  /** Base URL of a server that is not AWS. */
  readonly endpoint?: string | undefined;
  /** `https://host/bucket/key` in place of `https://bucket.host/key`; default: with an endpoint. */
  readonly pathStyle?: boolean | undefined;
  /** Absent: AWS' own chain (environment, profile, web identity, the machine's role). */
  readonly credentials?: { readonly accessKeyId: Secret; readonly secretAccessKey: Secret } | undefined;
  /** PEM file of the only authorities that may sign the endpoint's certificate. */
  readonly caFile?: string | undefined;
  /** In S3's words: `STANDARD_IA`. */
  readonly storageClass?: string | undefined;
  /** By the server, at rest. */
  readonly encryption?: 'AES256' | 'aws:kms' | undefined;
  readonly kmsKeyId?: string | undefined;
  readonly objectLock?: ObjectLock | undefined;
}

export const PROVISION_SOURCES = ['cache', 'release', 'debian', 'go'] as const;
export type ProvisionSource = (typeof PROVISION_SOURCES)[number];

export interface Provisioning {
  readonly sources: readonly ProvisionSource[];
  /** Program name → absolute path of a configured executable. */
  readonly paths: Readonly<Record<string, string>>;
  readonly cacheDir: string;
  /** Base URL of a mirror that stands in for https://github.com. */
  readonly mirror?: string | undefined;
}
