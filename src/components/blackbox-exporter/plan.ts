import { stringify } from 'yaml';
import { sizeBytes } from '../../platform/units.ts';
import type { PlanInput } from '../../stack/component.ts';
import type { Plan } from '../../stack/plan.ts';
import { askedAs, type Module, MODULES } from './probe.ts';
import type { BlackboxExporterConfig } from './schema.ts';

const HEADER = '# Written by Leitstand from leitstand.yaml: changes made here are lost.\n';
const FILE = 'blackbox.yml';

/** The default prefers version 6 and takes no other once a name has one, which fails where only version 4 leads out. */
const NETWORK = { preferred_ip_protocol: 'ip4', ip_protocol_fallback: true };

/** Without a timeout of its own, a module uses the one of the scrape. */
const MODULE_SETTINGS: Readonly<Record<Module, unknown>> = {
  http_2xx: { prober: 'http', http: NETWORK },
  tcp_connect: { prober: 'tcp', tcp: NETWORK },
  tls: { prober: 'tcp', tcp: { ...NETWORK, tls: true } },
  icmp: { prober: 'icmp', icmp: NETWORK },
};

export function blackboxExporterPlan({ config, place, programs }: PlanInput<BlackboxExporterConfig>): Plan {
  const program = programs('blackbox_exporter');
  return {
    component: 'blackbox-exporter',
    program,
    args: [`--config.file=${place.config}/${FILE}`, `--web.listen-address=${place.listen(config.port)}`],
    env: {},
    files: [
      {
        path: FILE,
        content: HEADER + stringify(blackboxFile(config), { lineWidth: 0, aliasDuplicateObjects: false }),
      },
    ],
    secrets: [],
    ports: [{ name: 'http', port: config.port }],
    ...(config.memory === undefined ? {} : { memoryLimit: sizeBytes(config.memory) }),
    ready: { port: config.port, path: '/-/healthy' },
    reload: { port: config.port, path: '/-/reload' },
    validators: [{ program, args: (directory) => ['--config.check', `--config.file=${directory}/${FILE}`] }],
  };
}

function blackboxFile({ probes }: BlackboxExporterConfig) {
  const used = new Set(probes.map((probe) => askedAs(probe).module));
  return {
    modules: Object.fromEntries(
      MODULES.filter((module) => used.has(module)).map((module) => [module, MODULE_SETTINGS[module]]),
    ),
  };
}
