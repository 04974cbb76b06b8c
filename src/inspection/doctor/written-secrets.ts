import { LeitstandError } from '../../platform/errors.ts';
import type { ProcessUser } from '../../platform/permissions.ts';
import type { Integration } from '../../stack/receiver.ts';
import type { Secret } from '../../stack/secret.ts';
import type { Stack } from '../../stack/stack.ts';
import type { Version } from '../../stack/version.ts';

/** Where Alertmanager has a secret from. */
export interface WrittenSecret {
  /** `on-call slack[0]` */
  readonly whose: string;
  /** Absolute: the secret's own file, or the configuration that has to hold it. */
  readonly path: string;
  readonly value: Secret;
  readonly isInline: boolean;
}

export interface AlertmanagerSecrets {
  /** As whom it runs, or would. */
  readonly user: ProcessUser;
  /** Its files were written once, so that they have to be there. */
  readonly hasRun: boolean;
  readonly written: readonly WrittenSecret[];
  /** Why an integration cannot be rendered for this version. */
  readonly refusals: readonly LeitstandError[];
}

export interface AlertmanagerPlace {
  readonly version: Version;
  readonly user: ProcessUser;
  readonly hasRun: boolean;
  /** Absolute path of the rendered configuration. */
  readonly configFile: string;
  secretPath(name: string): string;
}

/** Everything that `up` writes of the receivers' secrets. */
export function alertmanagerSecrets(
  { integrations, routing }: Pick<Stack, 'integrations' | 'routing'>,
  place: AlertmanagerPlace,
): AlertmanagerSecrets {
  const refusals: LeitstandError[] = [];
  const all = [...integrations, ...(routing.watchdog ? [routing.watchdog] : [])];
  const written = all.flatMap((integration) => {
    try {
      return secretsOf(integration, place);
    } catch (error) {
      if (!(error instanceof LeitstandError)) throw error;
      refusals.push(error);
      return [];
    }
  });
  const { user, hasRun } = place;
  return { user, hasRun, written, refusals };
}

function secretsOf(integration: Integration, place: AlertmanagerPlace): WrittenSecret[] {
  const whose = `${integration.receiver} ${integration.type}[${integration.index}]`;
  const secretPath = (name: string) => place.secretPath(name);
  const { secrets, inlineSecrets } = integration.render({ alertmanager: place.version, secretPath });
  return [
    ...secrets.map(({ name, value }) => ({ whose, path: secretPath(name), value, isInline: false })),
    ...inlineSecrets.map((value) => ({ whose, path: place.configFile, value, isInline: true })),
  ];
}
