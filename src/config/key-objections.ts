import { readBech32 } from '../platform/bech32.ts';
import { describeType, type Objection, quote } from './objections.ts';

/** The secret half of an age key, also within other text. */
const SECRET_HALF = /AGE-SECRET-KEY-/i;
/** Also one that was not copied from its first character on. */
const PART_OF_ONE = /SECRET-KEY-|KEY-1[0-9a-z]{30}/i;

export function holdsSecretKey(text: string): boolean {
  return PART_OF_ONE.test(text);
}

/** Wherever somebody puts one: what is quoted is nothing. */
export function objectToSecretKey(input: unknown): Objection | undefined {
  return typeof input === 'string' && SECRET_HALF.test(input) ? SECRET_KEY : undefined;
}

const SECRET_KEY: Objection = {
  problem: 'holds the secret half of a key, which everybody who can read this file now knows',
  fix: 'take it out of the file and of its history, and do not use this key any more; make another one (`leitstand backup kit --new`), of which only the public half, age1…, goes here',
};

/** Of the public half of a recovery key; of a secret half nothing is quoted. */
export function objectToRecoveryKey(input: unknown): Objection | undefined {
  if (typeof input !== 'string')
    return { problem: `must be a key such as age1…, not ${describeType(input)}` };
  if (holdsSecretKey(input)) return SECRET_KEY;
  const key = readBech32(input);
  const isPublicHalf = key?.prefix === 'age' && key.bytes.length === 32 && input === input.toLowerCase();
  if (isPublicHalf) return undefined;
  return {
    problem: `is ${quote(input)}, which is no public half of an age key (age1 and 58 more characters)`,
    fix: /^age1/i.test(input)
      ? 'copy it again from the recovery kit: a character is missing or was mistyped'
      : 'write the line `recovery-key` of the recovery kit; `leitstand backup kit --new` makes a key',
  };
}
