import { noveltiesIn } from '../config/template/novelties.ts';
import { isAtLeast, formatVersion, type Version } from '../stack/version.ts';
import { receiverErrors } from './errors.ts';

interface Demand {
  /** What is demanded: a key, or a key with its value. */
  readonly setting: string;
  readonly whose: string;
  /** What to do without it. */
  readonly instead: string;
}

/** Throws LS-RECEIVER-003 when the Alertmanager of the stack is older than a setting. */
export function demandVersion(
  alertmanager: Version,
  since: string,
  { setting, whose, instead }: Demand,
): void {
  if (isAtLeast(alertmanager, since)) return;
  throw receiverErrors.error('LS-RECEIVER-003', {
    what: `${whose}: \`${setting}\` needs Alertmanager ${since}, and the stack has ${formatVersion(alertmanager)}`,
    why: 'an older one refuses the whole configuration, or fails at every message',
    fix: `take a newer one (components.alertmanager.version), or ${instead}`,
  });
}

/** Throws LS-RECEIVER-003 when a text of the user's needs more of the language than the stack's Alertmanager has. */
export function demandLanguage(alertmanager: Version, texts: readonly string[], whose: string): void {
  for (const { setting, since } of texts.flatMap(noveltiesIn))
    demandVersion(alertmanager, since, { setting, whose, instead: 'write the text without it' });
}
