import { keyIdOf } from '../../repository/keys.ts';
import { placeText } from './fields.ts';
import type { RecoveryKit } from './kit.ts';

/** In words: what a kit says that is not so any more. Who has only this one would look elsewhere, or refuse the backups. */
export function outdatedIn(
  kit: Pick<RecoveryKit, 'publicKey' | 'store'>,
  now: Pick<RecoveryKit, 'publicKey' | 'store'>,
): readonly string[] {
  const [then, here] = [kit, now].map(({ store }) => placeText(store));
  const [signed, signs] = [keyIdOf(kit.publicKey), keyIdOf(now.publicKey)];
  return [
    ...(then === here ? [] : [`backups are in ${here}, and the kit says ${then}`]),
    ...(signed === signs ? [] : [`backups are signed with ${signs}, and the kit knows ${signed}`]),
  ];
}
