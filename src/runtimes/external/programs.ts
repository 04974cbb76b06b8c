import { z } from 'zod';

/** How a program that can be attached says that it is ready, and who it is. */
export interface AttachableProgram {
  /** For texts: `Prometheus`. */
  readonly title: string;
  /** Relative to the base URL; 200 is ready. */
  readonly ready: string;
  /** What only this program answers. */
  readonly identity: string;
  /** Its version from that answer; empty where the build does not say. Throws when it is not this program's answer. */
  version(answer: unknown): string;
}

const prometheus = z.object({ status: z.literal('success'), data: z.object({ version: z.string() }) });
const alertmanager = z.object({ versionInfo: z.object({ version: z.string() }), cluster: z.object({}) });
const pushgateway = z.object({
  status: z.literal('success'),
  data: z.object({ build_information: z.object({ version: z.string() }) }),
});
const loki = z.object({ version: z.string(), revision: z.string() });
/** `hide_version` leaves the version out. */
const grafana = z.object({ database: z.string(), version: z.string().default('') });

export const attachablePrograms: ReadonlyMap<string, AttachableProgram> = new Map([
  [
    'prometheus',
    {
      title: 'Prometheus',
      ready: '-/ready',
      identity: 'api/v1/status/buildinfo',
      version: (answer: unknown) => prometheus.parse(answer).data.version,
    },
  ],
  [
    'alertmanager',
    {
      title: 'Alertmanager',
      ready: '-/ready',
      identity: 'api/v2/status',
      version: (answer: unknown) => alertmanager.parse(answer).versionInfo.version,
    },
  ],
  [
    'pushgateway',
    {
      title: 'Pushgateway',
      ready: '-/ready',
      identity: 'api/v1/status',
      version: (answer: unknown) => pushgateway.parse(answer).data.build_information.version,
    },
  ],
  [
    'loki',
    {
      title: 'Loki',
      ready: 'ready',
      identity: 'loki/api/v1/status/buildinfo',
      version: (answer: unknown) => loki.parse(answer).version,
    },
  ],
  [
    'grafana',
    {
      title: 'Grafana',
      ready: 'api/health',
      identity: 'api/health',
      version: (answer: unknown) => grafana.parse(answer).version,
    },
  ],
]);
