import type { DoctorWorld } from '../check.ts';

export interface ShapeProblem {
  /** Never quotes the value. */
  readonly what: string;
  readonly isCertain: boolean;
}

const PLACEHOLDER = /^(?:change[-_ ]?me|password|secret|todo|x{3,}|\*+|\.{3}|<.*>|your[-_ ].*|example)$/i;

/**
 * What is wrong with the form of a value: what nobody means, then what the plug-in says that takes it, by the keys above
 * it in the file.
 */
export function shapeProblem(
  path: readonly string[],
  value: string,
  receivers: DoctorWorld['receivers'],
): ShapeProblem | undefined {
  if (value.includes('${')) return certain('it holds a `${`: a variable that nobody replaced');
  if (PLACEHOLDER.test(value)) return certain('a placeholder, which nobody has replaced');
  if (value !== value.trim()) return { what: 'white space at its beginning or end', isCertain: false };
  if (/^(["']).*\1$/s.test(value))
    return { what: 'quotes around it, which are part of it', isCertain: false };
  const place = receiverKey(path);
  if (!place) return undefined;
  const objection = receivers.get(place.type)?.objectToSecret?.(place.key, value);
  return objection === undefined ? undefined : certain(`not what ${place.type} takes: ${objection}`);
}

function certain(what: string): ShapeProblem {
  return { what, isCertain: true };
}

/** `receivers.on-call.slack.read_back.token` → the key `read_back.token` of `slack`. */
function receiverKey([section, name, type, ...keys]: readonly string[]) {
  // The dead man's switch outside is a webhook.
  if (section === 'routing' && name === 'watchdog' && type === 'url') return { type: 'webhook', key: 'url' };
  return section === 'receivers' && type !== undefined && keys.length > 0
    ? { type, key: keys.join('.') }
    : undefined;
}
