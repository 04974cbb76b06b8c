import { describe, expect, it } from 'vitest';
import { dieFrom } from '../../soak/die.ts';
import { playAttacks } from '../../soak/hostile.ts';
import { ATTACKS } from '../../soak/hostile-attacks.ts';
import { scratch } from './fixture.ts';

/** What takes a while is for the soak. */
const DEAR = /list that is a bomb|endless line|signed list of/;

/** More of it: `npm run soak -- hostile` (docs/soak.md). */
describe('somebody else who can write to the repository, with our key or without it', () => {
  it('comes to nothing, whatever it is: no crash, little memory, nothing outside', async () => {
    const seed = Math.floor(Math.random() * 1_000_000_000);
    const die = dieFrom(seed);
    const cheap = [...ATTACKS.keys()].filter((number) => !DEAR.test(ATTACKS[number]?.name ?? ''));
    // Of those that do the same to objects of each kind, one.
    const families = Map.groupBy(cheap, (number) => ATTACKS[number]?.name.replace(/ in [a-z0-9./]+$/, ''));
    const numbers = [...families.values()].map((family) => die.of(family));
    const outcomes = await playAttacks(numbers, scratch(), seed);
    expect(outcomes.length, `seed ${seed}`).toBe(numbers.length);
  }, 300_000);
});
