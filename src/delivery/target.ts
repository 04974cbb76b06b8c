import type { Integration } from '../stack/receiver.ts';

/** An integration as far as a test needs it. */
export interface Target
  extends Pick<
    Integration,
    | 'receiver'
    | 'type'
    | 'index'
    | 'sendsResolved'
    | 'destination'
    | 'secrets'
    | 'place'
    | 'recipient'
    | 'readBack'
    | 'direct'
    | 'close'
  > {
  /** It stands in the configuration of an Alertmanager that somebody else runs. */
  readonly attached?: true;
}

/** For texts; the rest of a destination is a secret. */
export function hostOf(target: Target): string {
  return target.destination()?.host ?? `the destination of ${nameOf(target)}`;
}

/** By which a report says whose it is. */
export function named({ receiver, type, index }: Pick<Target, 'receiver' | 'type' | 'index'>) {
  return { receiver, type, index };
}

export function nameOf({ receiver, type, index }: Pick<Target, 'receiver' | 'type' | 'index'>): string {
  return `${receiver} ${type}[${index}]`;
}

/** For people: `slack #alerts`, `webhook example.org`; never a secret. */
export function placeOf(target: Target): string {
  return `${target.type} ${target.place ?? hostOf(target)}`;
}
