import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient, Stanza } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decryptBytes, encryptBytes, makeOpener } from '../../../src/repository/age/header.ts';
import { makeRecoveryKey, parseIdentities } from '../../../src/repository/age/identities.ts';

/*
 * Another implementation of age, by its author, with the curve, the ciphers and Bech32 in JavaScript: nothing below it is
 * what ours is built on.
 */

const keys = await Promise.all(Array.from({ length: 5 }, makeRecoveryKey));
const recipients = fc.shuffledSubarray(keys, { minLength: 1 });
const argument = fc.string({
  unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});
/** What readers must pass over. */
const grease = fc.array(
  fc.record({
    args: fc.array(argument, { minLength: 1, maxLength: 4 }).filter(([type]) => type !== 'X25519'),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(48, 96).map((size) => randomBytes(size)),
    ),
  }),
  { maxLength: 3 },
);

describe('the age of others', () => {
  it('opens what ours sealed, with each of its keys', async () => {
    await fc.assert(
      fc.asyncProperty(recipients, fc.uint8Array({ maxLength: 300 }), async (to, plain) => {
        const { bytes } = encryptBytes(
          to.map(({ recipient }) => recipient),
          plain,
        );
        for (const { secret } of to) {
          const decrypter = new Decrypter();
          decrypter.addIdentity(secret.reveal());
          expect(await decrypter.decrypt(bytes)).toEqual(plain);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('seals what ours opens, with each of its keys and no other, whatever else stands in the header', async () => {
    await fc.assert(
      fc.asyncProperty(recipients, grease, fc.nat(), async (to, stanzas, where) => {
        const plain = randomBytes(200);
        const encrypter = new Encrypter();
        const wraps = to.map(
          ({ recipient }) =>
            () =>
              encrypter.addRecipient(recipient),
        );
        const unknown = stanzas.map(({ args, body }) => new Stanza(args, body));
        wraps.splice(where % (wraps.length + 1), 0, () =>
          encrypter.addRecipient({ wrapFileKey: () => unknown }),
        );
        for (const wrap of wraps) wrap();
        const file = await encrypter.encrypt(plain);
        for (const key of keys) {
          const opened = decryptBytes(makeOpener([key]), file);
          expect(typeof opened === 'string' ? opened : plain.equals(opened)).toBe(
            to.includes(key) ? true : 'foreign',
          );
        }
        expect(decryptBytes(makeOpener(keys), file)).toEqual(plain);
      }),
      { numRuns: 20 },
    );
  });

  it('knows the same keys by the same names', async () => {
    for (const { secret, recipient } of keys)
      expect(await identityToRecipient(secret.reveal())).toBe(recipient);
    for (let i = 0; i < 5; i++) {
      const secret = await generateX25519Identity();
      const [identity] = await parseIdentities(secret);
      expect(identity?.recipient).toBe(await identityToRecipient(secret));
      expect(identity?.secret.reveal()).toBe(secret);
    }
  });
});
