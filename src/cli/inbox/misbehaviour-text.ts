import { faultText } from '../../inbox/faults.ts';
import type { Json } from '../../platform/canonical-json.ts';
import type { Misbehaviour } from '../../stack/sandbox.ts';
import { formatAge, plural } from '../terminal.ts';

/** `for the next 3 requests`, `for another 10 min`, `until it is cleared`. */
export function leftText({ left, until }: Misbehaviour, now: Date): string {
  const requests = left === 1 ? 'the next request' : plural(left ?? 0, 'more request');
  const parts = [
    ...(left === undefined ? [] : [`for ${requests}`]),
    ...(until === undefined ? [] : [`for another ${formatAge(Date.parse(until) - now.getTime())}`]),
  ];
  return parts.length === 0 ? 'until it is cleared' : parts.join(', ');
}

/** One line for people who look at the stack and have forgotten; undefined when there is none. */
export function standingLine(all: readonly Misbehaviour[], now: Date): string | undefined {
  if (all.length === 0) return undefined;
  const parts = all.map((one) => `${whom(one.type)}: ${faultText(one.fault)} ${leftText(one, now)}`);
  return `THE INBOX WAS TOLD TO MISBEHAVE towards ${parts.join('; ')}. Back to normal: leitstand inbox misbehave --clear`;
}

export function whom(type: string): string {
  return type === '*' ? 'everybody' : type;
}

export function misbehaviourJson({ id, type, fault, left, until }: Misbehaviour): Json {
  return { id, type, fault: { ...fault }, left: left ?? null, until: until ?? null };
}
