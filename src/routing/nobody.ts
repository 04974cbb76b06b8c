/** A receiver without integrations: Alertmanager's way to say "to nobody". No receiver of a user can be named so. */
export const NOBODY = '(nobody)';

/** By its author's own word nobody is to be told about such an alert. */
export const SEVERITY_FOR_NOBODY = 'none';

/** A receiver's name that says "to nobody" on purpose. */
export function isNobody(name: string): boolean {
  return /^\W*(?:null|none|nobody|no-?one|blackhole|black-hole|dev-?null|drop|discard|ignore|silent|noop|sink|void|mute|muted)\W*$/i.test(
    name,
  );
}
