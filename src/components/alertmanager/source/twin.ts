import type { Plan } from '../../../stack/plan.ts';
import type { TwinInput } from '../../../stack/source.ts';

/** One receiver without integrations: nobody is notified, whatever the restored state says. */
const CONFIG = '# A drill: nobody is notified.\nroute: {receiver: nobody}\nreceivers: [{name: nobody}]\n';

/** Without a gossip port: restored silences must not reach a cluster. */
export function twinPlan({ program, place, port }: TwinInput): Plan {
  return {
    component: 'alertmanager',
    program,
    args: [
      `--config.file=${place.config}/alertmanager.yml`,
      `--storage.path=${place.data}`,
      `--web.listen-address=${place.listen(port)}`,
      '--cluster.listen-address=',
      // It writes back what it has loaded: the only way to ask for its notification log.
      '--data.maintenance-interval=1s',
    ],
    env: {},
    files: [{ path: 'alertmanager.yml', content: CONFIG }],
    secrets: [],
    ports: [{ name: 'http', port }],
    ready: { port, path: '/-/ready' },
    validators: [],
  };
}
