import type { Catalog, CommandEntry } from './cli/command.ts';
import type { ErrorKind } from './platform/errors.ts';

/** In the order of the help. */
const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a commented leitstand.yaml for a new stack',
    load: async () => (await import('./cli/commands/init.ts')).initCommand,
  },
  {
    name: 'up',
    summary: 'start the stack, or bring it to what the file says',
    load: async () => (await import('./cli/commands/up.ts')).upCommand,
  },
  {
    name: 'down',
    summary: 'stop the stack; its data stays',
    load: async () => (await import('./cli/commands/down.ts')).downCommand,
  },
  {
    name: 'status',
    summary: 'what runs, and the age of every proof',
    load: async () => (await import('./cli/commands/status.ts')).statusCommand,
  },
  {
    name: 'logs',
    summary: 'what components wrote, and write (-f)',
    load: async () => (await import('./cli/commands/logs.ts')).logsCommand,
  },
  {
    name: 'plan',
    summary: 'what `up` would change; touches nothing',
    load: async () => (await import('./cli/commands/plan.ts')).planCommand,
  },
  {
    name: 'check',
    summary: 'find what the validators let pass: rules, routes, receivers',
    load: async () => (await import('./cli/commands/check.ts')).checkCommand,
  },
  {
    name: 'alert test',
    summary: 'prove that an alert arrives at every receiver',
    load: async () => (await import('./cli/commands/alert-test.ts')).alertTestCommand,
  },
  {
    name: 'alert routes',
    summary: 'who gets an alert, now and on Sunday at 03:00',
    load: async () => (await import('./cli/commands/alert-routes.ts')).alertRoutesCommand,
  },
  {
    name: 'alert history',
    summary: 'what became of tests and of real notifications',
    load: async () => (await import('./cli/commands/alert-history.ts')).alertHistoryCommand,
  },
  {
    name: 'alert preview',
    summary: 'show what each receiver would be sent; sends nothing',
    load: async () => (await import('./cli/commands/alert-preview.ts')).alertPreviewCommand,
  },
  {
    name: 'proof list',
    summary: 'what was tested and what came out, and whether the records are untouched',
    load: async () => (await import('./cli/commands/proof-list.ts')).proofListCommand,
  },
  {
    name: 'proof show',
    summary: 'one proof: the facts that were measured, and what they do not prove',
    load: async () => (await import('./cli/commands/proof-show.ts')).proofShowCommand,
  },
  {
    name: 'inbox serve',
    summary: 'run the inbox alone: a stand-in for Slack, PagerDuty, mail and webhooks',
    load: async () => (await import('./cli/commands/inbox-serve.ts')).inboxServeCommand,
  },
  {
    name: 'inbox list',
    summary: 'messages that the inbox received',
    load: async () => (await import('./cli/commands/inbox-list.ts')).inboxListCommand,
  },
  {
    name: 'inbox show',
    summary: 'one message as it arrived',
    load: async () => (await import('./cli/commands/inbox-show.ts')).inboxShowCommand,
  },
  {
    name: 'inbox misbehave',
    summary: 'have the inbox fail as a provider would',
    load: async () => (await import('./cli/commands/inbox-misbehave.ts')).inboxMisbehaveCommand,
  },
  {
    name: 'backup',
    summary: "store the components' data with facts sealed from the live system",
    load: async () => (await import('./cli/commands/backup.ts')).backupCommand,
  },
  {
    name: 'backup list',
    summary: 'the backups in the repository',
    load: async () => (await import('./cli/commands/backup-list.ts')).backupListCommand,
  },
  {
    name: 'backup show',
    summary: 'one snapshot: what it holds, and its files',
    load: async () => (await import('./cli/commands/backup-show.ts')).backupShowCommand,
  },
  {
    name: 'backup verify',
    summary: 'read the repository and check it against its own hashes and signatures',
    load: async () => (await import('./cli/commands/backup-verify.ts')).backupVerifyCommand,
  },
  {
    name: 'backup prune',
    summary: 'take away the backups that retention does not keep',
    load: async () => (await import('./cli/commands/backup-prune.ts')).backupPruneCommand,
  },
  {
    name: 'backup kit',
    summary: 'the recovery kit: print it, make a new key, try the one you keep',
    load: async () => (await import('./cli/commands/backup-kit.ts')).backupKitCommand,
  },
  {
    name: 'restore',
    summary: 'write a snapshot into a new directory',
    load: async () => (await import('./cli/commands/restore.ts')).restoreCommand,
  },
  {
    name: 'drill',
    summary: 'prove that a backup restores: isolated restore, comparison, control',
    load: async () => (await import('./cli/commands/drill.ts')).drillCommand,
  },
  {
    name: 'schedule list',
    summary: 'what is done by schedule: next, last, and how that went',
    load: async () => (await import('./cli/commands/schedule-list.ts')).scheduleListCommand,
  },
  {
    name: 'schedule run',
    summary: 'do now what the schedule does',
    load: async () => (await import('./cli/commands/schedule-run.ts')).scheduleRunCommand,
  },
  {
    name: 'schedule pause',
    summary: 'keep a job from being run, for a time',
    load: async () => (await import('./cli/commands/schedule-pause.ts')).schedulePauseCommand,
  },
  {
    name: 'schedule resume',
    summary: 'end a pause',
    load: async () => (await import('./cli/commands/schedule-resume.ts')).scheduleResumeCommand,
  },
  {
    name: 'schedule install',
    summary: 'have systemd or cron run the jobs in place of the daemon',
    load: async () => (await import('./cli/commands/schedule-install.ts')).scheduleInstallCommand,
  },
  {
    name: 'schedule remove',
    summary: 'give them back to the daemon',
    load: async () => (await import('./cli/commands/schedule-remove.ts')).scheduleRemoveCommand,
  },
  {
    name: 'config show',
    summary: 'every setting in force, and where it comes from',
    load: async () => (await import('./cli/commands/config-show.ts')).configShowCommand,
  },
  {
    name: 'cache list',
    summary: 'the programs that are there without the network',
    load: async () => (await import('./cli/commands/cache-list.ts')).cacheListCommand,
  },
  {
    name: 'cache export',
    summary: 'the programs of the stack as one file, for a closed network',
    load: async () => (await import('./cli/commands/cache-export.ts')).cacheExportCommand,
  },
  {
    name: 'cache import',
    summary: 'take such a file into the cache, verified',
    load: async () => (await import('./cli/commands/cache-import.ts')).cacheImportCommand,
  },
  {
    name: 'config schema',
    summary: 'the JSON Schema of leitstand.yaml, for editors',
    load: async () => (await import('./cli/commands/config-schema.ts')).configSchemaCommand,
  },
  {
    name: 'explain',
    summary: 'more about an error code',
    load: async () => (await import('./cli/commands/explain.ts')).explainCommand,
  },
  {
    name: 'demo',
    summary: 'a whole stack on this machine, proven step by step',
    load: async () => (await import('./cli/commands/demo.ts')).demoCommand,
  },
  {
    name: 'doctor',
    summary: 'is this machine fit for the stack?',
    load: async () => (await import('./cli/commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'service install',
    summary: 'start the stack at boot, under systemd',
    load: async () => (await import('./cli/commands/service-install.ts')).serviceInstallCommand,
  },
  {
    name: 'service remove',
    summary: 'start it at boot no more',
    load: async () => (await import('./cli/commands/service-remove.ts')).serviceRemoveCommand,
  },
  {
    name: 'completion',
    summary: 'a script for the completion of your shell',
    load: async () => (await import('./cli/commands/completion.ts')).completionCommand,
  },
  {
    name: 'serve',
    summary: 'run the daemon in the foreground',
    load: async () => (await import('./cli/commands/serve.ts')).serveCommand,
  },
];

/** The composition root: the only place that knows every plug-in. Everything is loaded when it is used. */
export const catalog: Catalog = {
  commands,
  components: async () => {
    const members = await Promise.all([
      import('./components/prometheus/index.ts').then(({ prometheus }) => prometheus),
      import('./components/alertmanager/index.ts').then(({ alertmanager }) => alertmanager),
      import('./components/pushgateway/index.ts').then(({ pushgateway }) => pushgateway),
      import('./components/node-exporter/index.ts').then(({ nodeExporter }) => nodeExporter),
      import('./components/blackbox-exporter/index.ts').then(({ blackboxExporter }) => blackboxExporter),
      import('./components/victoria-logs/index.ts').then(({ victoriaLogs }) => victoriaLogs),
      import('./components/versitygw/index.ts').then(({ versitygw }) => versitygw),
    ]);
    return new Map(members.map((member) => [member.name, member]));
  },
  receivers: async () => {
    const { receiverPlugins } = await import('./receivers/registry.ts');
    return new Map(receiverPlugins.map((plugin) => [plugin.type, plugin]));
  },
  sandboxes: async () => {
    const [{ receiverPlugins }, { eventSandbox }] = await Promise.all([
      import('./receivers/registry.ts'),
      import('./components/alertmanager/event-sandbox.ts'),
    ]);
    return [...receiverPlugins.flatMap(({ sandbox }) => sandbox ?? []), eventSandbox];
  },
  errorKinds: async () => {
    const families = await Promise.all([
      import('./backup/errors.ts').then(({ backupErrors }) => backupErrors),
      import('./cli/errors.ts').then(({ cliErrors }) => cliErrors),
      import('./components/alertmanager/errors.ts').then(({ alertmanagerErrors }) => alertmanagerErrors),
      import('./components/prometheus/errors.ts').then(({ prometheusErrors }) => prometheusErrors),
      import('./components/victoria-logs/errors.ts').then(({ victoriaLogsErrors }) => victoriaLogsErrors),
      import('./components/pushgateway/errors.ts').then(({ pushgatewayErrors }) => pushgatewayErrors),
      import('./config/errors.ts').then(({ configErrors }) => configErrors),
      import('./daemon/errors.ts').then(({ daemonErrors }) => daemonErrors),
      import('./delivery/errors.ts').then(({ deliveryErrors }) => deliveryErrors),
      import('./delivery/preview/errors.ts').then(({ previewErrors }) => previewErrors),
      import('./deployment/errors.ts').then(({ deploymentErrors }) => deploymentErrors),
      import('./deployment/service/errors.ts').then(({ serviceErrors }) => serviceErrors),
      import('./drill/errors.ts').then(({ drillErrors }) => drillErrors),
      import('./history/errors.ts').then(({ historyErrors }) => historyErrors),
      import('./inbox/errors.ts').then(({ inboxErrors }) => inboxErrors),
      import('./inspection/errors.ts').then(({ inspectionErrors }) => inspectionErrors),
      import('./receivers/errors.ts').then(({ receiverErrors }) => receiverErrors),
      import('./repository/errors.ts').then(({ repositoryErrors }) => repositoryErrors),
      import('./rules/errors.ts').then(({ ruleErrors }) => ruleErrors),
      import('./schedule/errors.ts').then(({ scheduleErrors }) => scheduleErrors),
      import('./runtimes/external/errors.ts').then(({ externalErrors }) => externalErrors),
      import('./runtimes/native/errors.ts').then(({ runtimeErrors }) => runtimeErrors),
      import('./runtimes/native/provision/errors.ts').then(({ provisionErrors }) => provisionErrors),
    ]);
    return new Map(families.flatMap(({ kinds }) => Object.entries<ErrorKind>(kinds)));
  },
};
