import { sizeBytes } from '../../platform/units.ts';
import { defineComponent, type PlanInput } from '../../stack/component.ts';
import type { Offer, RuleFile } from '../../stack/offer.ts';
import type { Plan } from '../../stack/plan.ts';
import { readRuleFiles } from '../../stack/rule-files.ts';
import { nodeExporterProgram } from './programs.ts';
import { type NodeExporterConfig, nodeExporterSchema } from './schema.ts';

export const nodeExporter = defineComponent({
  name: 'node-exporter',
  summary: 'Measures this machine: processor, memory, disks, file systems, network, clock.',
  schema: nodeExporterSchema,
  program: nodeExporterProgram,
  tools: [],
  offers: nodeExporterOffer,
  rules: nodeExporterRules,
  plan: nodeExporterPlan,
});

/**
 * File systems without a disk of their own, and images that are full by nature: an alert about them is noise. Given in
 * full, since every version, and Debian's, has another default.
 */
const PSEUDO_FILE_SYSTEMS =
  '^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|erofs|fuse\\.(lxcfs|portal|snapfuse)|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs)$';
/** The same disk again, once for each container. `/mnt` and `/media`, which Debian leaves out, hold real disks. */
const CONTAINER_MOUNTS =
  '^/(dev|proc|sys|run/credentials/.+|var/lib/(containerd|containers/storage|docker|kubelet)/.+)($|/)';
/** The ends of the containers' network cables: new names, thus new series, at every start. */
const CONTAINER_DEVICES = '^(lo|veth.+)$';

function nodeExporterRules(): RuleFile[] {
  return readRuleFiles(new URL('rules/', import.meta.url), ['host', 'disks', 'clock']);
}

function nodeExporterOffer(config: NodeExporterConfig): Offer {
  return {
    component: 'node-exporter',
    endpoints: [{ kind: 'node-metrics', component: 'node-exporter', port: config.port }],
    scrapeJobs: [{ job: 'node-exporter', component: 'node-exporter', port: config.port }],
    ruleFiles: nodeExporterRules(),
  };
}

function nodeExporterPlan({ config, place, programs }: PlanInput<NodeExporterConfig>): Plan {
  return {
    component: 'node-exporter',
    program: programs('node_exporter'),
    args: [
      `--web.listen-address=${place.listen(config.port)}`,
      `--collector.filesystem.fs-types-exclude=${PSEUDO_FILE_SYSTEMS}`,
      `--collector.filesystem.mount-points-exclude=${CONTAINER_MOUNTS}`,
      `--collector.netdev.device-exclude=${CONTAINER_DEVICES}`,
      // Debian's build has it on; without systemd it complains at every scrape.
      '--no-collector.systemd',
      `--collector.netclass.ignored-devices=${CONTAINER_DEVICES}`,
      // Debian's build would look into a directory of its own.
      config.textfile_dir === undefined
        ? '--no-collector.textfile'
        : `--collector.textfile.directory=${config.textfile_dir}`,
    ],
    env: {},
    files: [],
    secrets: [],
    ports: [{ name: 'http', port: config.port }],
    ...(config.memory === undefined ? {} : { memoryLimit: sizeBytes(config.memory) }),
    // Not /metrics: that asks every collector.
    ready: { port: config.port, path: '/' },
    validators: [],
  };
}
