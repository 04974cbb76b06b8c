import { sizeBytes } from '../../platform/units.ts';
import type { PlanInput } from '../../stack/component.ts';
import type { Plan } from '../../stack/plan.ts';
import { recordsEvents, renderAlertmanagerFile } from './render.ts';
import type { AlertmanagerConfig } from './schema.ts';

export function alertmanagerPlan(input: PlanInput<AlertmanagerConfig>): Plan {
  const { config, place } = input;
  const program = input.programs('alertmanager');
  const rendered = renderAlertmanagerFile(input.stack, {
    alertmanager: program.version,
    secretPath: (name) => place.secret(name),
  });
  return {
    component: 'alertmanager',
    program,
    args: [
      `--config.file=${place.config}/alertmanager.yml`,
      `--storage.path=${place.data}`,
      // 15 minutes is the default: a killed Alertmanager would forget that much of its silences.
      '--data.maintenance-interval=1m',
      `--web.listen-address=${place.listen(config.port)}`,
      `--web.external-url=${config.external_url ?? place.externalUrl(config.port)}`,
      // By default its own paths move below the URL's path, where nobody here would find them.
      ...(config.external_url === undefined ? [] : ['--web.route-prefix=/']),
      // One node: no gossip port.
      '--cluster.listen-address=',
      ...(recordsEvents(input.stack, program.version) ? ['--enable-feature=event-recorder'] : []),
    ],
    env: {},
    files: [
      { path: 'alertmanager.yml', content: rendered.content, ...(rendered.private ? { mode: 0o600 } : {}) },
      ...rendered.templates.map(({ name, content }) => ({ path: `templates/${name}`, content })),
    ],
    secrets: rendered.secrets,
    ports: [{ name: 'http', port: config.port }],
    ...(config.memory === undefined ? {} : { memoryLimit: sizeBytes(config.memory) }),
    ready: { port: config.port, path: '/-/ready' },
    reload: { port: config.port, path: '/-/reload' },
    validators: [
      {
        program: input.programs('amtool'),
        args: (directory) => ['check-config', `${directory}/alertmanager.yml`],
      },
    ],
  };
}
