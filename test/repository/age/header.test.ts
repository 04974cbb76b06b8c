import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { writeBech32 } from '../../../src/platform/bech32.ts';
import {
  makeOpener,
  makeSeal,
  MAX_OPENING_BYTES,
  openingLength,
} from '../../../src/repository/age/header.ts';
import { encodeBase64, type Stanza, writeCovered } from '../../../src/repository/age/header-text.ts';
import {
  makeRecoveryKey,
  parseRecipient,
  publicKeyOfRecipient,
} from '../../../src/repository/age/identities.ts';
import { wrapFileKey } from '../../../src/repository/age/stanzas.ts';
import { payloadKeyOf } from '../../../src/repository/age/stream.ts';
import { Secret } from '../../../src/stack/secret.ts';

const [mine, other] = [await makeRecoveryKey(), await makeRecoveryKey()];
const opener = makeOpener([mine]);
const fileKey = randomBytes(16);
const nonce = randomBytes(16);
const stanza = stanzaFor(mine.recipient);
const foreign = stanzaFor(other.recipient);
const covered = writeCovered([stanza]);
const [, share = ''] = stanza.args;
const body = encodeBase64(stanza.body);

function stanzaFor(recipient: string): Stanza {
  const wrapped = wrapFileKey(fileKey, publicKeyOfRecipient(recipient));
  if (!wrapped) throw new Error('a key without a secret half');
  return wrapped;
}

/** "Header MAC", written once more. */
function macOf(text: string, key = fileKey): Buffer {
  const macKey = new Uint8Array(hkdfSync('sha256', key, '', 'header', 32));
  return createHmac('sha256', macKey).update(text, 'latin1').digest();
}

/** With the MAC that belongs to it: what is refused is refused for another reason. */
function signed(text: string, mac = ` ${encodeBase64(macOf(text))}\n`): Buffer {
  return Buffer.concat([Buffer.from(text + mac, 'latin1'), nonce]);
}

function signedStanzas(...stanzas: readonly Stanza[]): Buffer {
  return signed(writeCovered(stanzas));
}

function open(opening: Uint8Array, by = opener): 'opened' | 'foreign' | 'damaged' {
  const opened = by.open(opening);
  if (typeof opened === 'string') return opened;
  expect(Buffer.from(opened.payloadKey).equals(payloadKeyOf(fileKey, nonce))).toBe(true);
  return 'opened';
}

/** The last character of 32 bytes has two bits that say nothing: another one decodes to the same bytes. */
function slurred(encoded: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const text = encoded.slice(0, -1) + alphabet.charAt(alphabet.indexOf(encoded.slice(-1)) + 1);
  expect(Buffer.from(text, 'base64').equals(Buffer.from(encoded, 'base64'))).toBe(true);
  return text;
}

/** Replaces what is there once. */
function changed(from: string, to: string): Buffer {
  expect(covered.split(from)).toHaveLength(2);
  return signed(covered.replace(from, () => to));
}

describe('the header of an age file', () => {
  it('opens to the key of its payload, wherever our stanza stands', () => {
    expect(open(signed(covered))).toBe('opened');
    expect(open(signedStanzas(foreign, stanza))).toBe('opened');
    expect(open(signedStanzas(stanza, foreign))).toBe('opened');
    expect(open(signed(covered), makeOpener([other, mine]))).toBe('opened');
  });

  it('is foreign to other keys, and to none', () => {
    for (const identities of [[], [other]]) {
      expect(open(signed(covered), makeOpener(identities))).toBe('foreign');
      expect(open(changed(body, `${body}AA`), makeOpener(identities))).toBe('damaged');
    }
  });

  it('does not open with any bit of it flipped', () => {
    const { opening } = makeSeal([mine.recipient]);
    const end = opening.length - nonce.length;
    for (let at = 0; at < end; at++)
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(opening);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(opener.open(flipped)).toEqual(expect.stringMatching(/^(?:foreign|damaged)$/));
      }
  });

  it.each([
    ['an argument more', changed(share, `${share} x`)],
    ['no share', changed(` ${share}`, '')],
    ['a share of 31 bytes', changed(share, encodeBase64(randomBytes(31)))],
    ['a share of 33 bytes', changed(share, encodeBase64(randomBytes(33)))],
    ['a share with padding', changed(share, `${share}=`)],
    ['a share in slurred base64', changed(share, slurred(share))],
    ['a body of 31 bytes', changed(body, encodeBase64(stanza.body.subarray(0, 31)))],
    ['a body of 33 bytes', changed(body, encodeBase64(Buffer.concat([stanza.body, Buffer.alloc(1)])))],
    ['an empty body', changed(body, '')],
    ['a body with padding', changed(body, `${body}=`)],
    ['a body in slurred base64', changed(body, slurred(body))],
    ['a body of other characters', changed(body, `-${body.slice(1)}`)],
    ['a body in two short lines', changed(body, `${body.slice(0, 20)}\n${body.slice(20)}`)],
    ['a body without a line', changed(`${body}\n`, '')],
    ['a body in a line too much', changed(body, `${body}\n`)],
    ['two spaces', changed('X25519 ', 'X25519  ')],
    ['a space behind the arguments', changed(share, `${share} `)],
    ['no argument', changed(`-> X25519 ${share}`, '-> ')],
    ['a control character', changed(share, `${share} \x7f`)],
    ['a character that is not ASCII', changed(share, `${share} \xe4`)],
    ['another version', changed('/v1', '/v2')],
    ['lines that end with CRLF', signed(covered.replaceAll('\n', '\r\n'))],
    ['one line that ends with CRLF', changed(`${body}\n`, `${body}\r\n`)],
    ['no stanza', signed(writeCovered([]))],
    ['text before it', signed(`\n${covered}`)],
  ])('is damaged with %s', (_, opening) => {
    expect(open(opening)).toBe('damaged');
  });

  it.each([
    ['of another file key', ` ${encodeBase64(macOf(covered, randomBytes(16)))}\n`],
    ['of another header', ` ${encodeBase64(macOf(writeCovered([foreign])))}\n`],
    ['over the space too', ` ${encodeBase64(macOf(`${covered} `))}\n`],
    ['with padding', ` ${encodeBase64(macOf(covered))}=\n`],
    ['in slurred base64', ` ${slurred(encodeBase64(macOf(covered)))}\n`],
    ['cut short', ` ${encodeBase64(macOf(covered).subarray(0, 31))}\n`],
    ['without a space', `${encodeBase64(macOf(covered))}\n`],
    ['with two spaces', `  ${encodeBase64(macOf(covered))}\n`],
    ['with a space behind it', ` ${encodeBase64(macOf(covered))} \n`],
    ['and CRLF', ` ${encodeBase64(macOf(covered))}\r\n`],
    ['without an end of its line', ` ${encodeBase64(macOf(covered))}`],
    ['left out', '\n'],
    ['of nothing', ''],
  ])('is damaged with a MAC %s', (_, mac) => {
    expect(open(signed(covered, mac))).toBe('damaged');
  });

  it('is damaged without a nonce, or with a byte too many', () => {
    const opening = signed(covered);
    expect(open(Buffer.concat([opening, Buffer.alloc(1)]))).toBe('damaged');
    for (let length = 0; length < opening.length; length++) {
      expect(open(opening.subarray(0, length))).toBe('damaged');
      expect(openingLength(opening.subarray(0, length))).toBeUndefined();
    }
    expect(openingLength(Buffer.concat([opening, randomBytes(1000)]))).toBe(opening.length);
  });
});

describe('a stanza of another type', () => {
  const lines = (bytes: number) => encodeBase64(Buffer.alloc(bytes, 7)).replaceAll(/.{64}/g, '$&\n');
  const beside = (text: string) => signed(covered.replace('---', () => `${text}---`));

  it.each([
    ['without a body', '-> grease\n\n'],
    ['with many arguments', '-> /!~ X25519 -> --- x\nAAAA\n'],
    ['of a full line', `-> x\n${lines(48)}\n`],
    ['of several lines', `-> x\n${lines(100)}\n`],
    ['in lower case', `-> x25519 ${share}\n${body}\n`],
  ])('is passed over: %s', (_, text) => {
    expect(open(beside(text))).toBe('opened');
    expect(open(signed(covered.replace('->', () => `${text}->`)))).toBe('opened');
  });

  it.each([
    ['without a last line', `-> x\n${lines(48)}`],
    ['with a line of 65 columns', `-> x\n${'A'.repeat(65)}\n`],
    ['with a line of 68 columns', `-> x\n${'A'.repeat(68)}\n\n`],
    ['with a short line before another', '-> x\nAAAA\nAAAA\n'],
    ['in slurred base64', '-> x\nAB\n'],
    ['of a single character', '-> x\nA\n'],
    ['with padding', '-> x\nAA==\n'],
    ['with another mark', '=> x\n\n'],
  ])('is none: %s', (_, text) => {
    expect(open(beside(text))).toBe('damaged');
  });

  it('of ours that is wrong spoils the header, on either side', () => {
    const wrong = { args: ['X25519', share], body: stanza.body.subarray(1) };
    expect(open(signedStanzas(wrong, stanza))).toBe('damaged');
    expect(open(signedStanzas(stanza, wrong))).toBe('damaged');
  });
});

describe('a point of low order', () => {
  // All of them below 2^256: RFC 7748 leaves out the highest bit.
  const points = [
    `00${'00'.repeat(31)}`,
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ].flatMap((hex) => {
    const low = Buffer.from(hex, 'hex');
    const high = Buffer.from(low);
    high[31] = (high[31] ?? 0) | 0x80;
    return [low, high];
  });

  it.each(points)('is no share: %#', (point) => {
    const wrong = { args: ['X25519', encodeBase64(point)], body: stanza.body };
    expect(open(signedStanzas(wrong))).toBe('damaged');
    expect(open(signedStanzas(wrong, stanza))).toBe('damaged');
  });

  it.each(points)('is no recipient: %#', (point) => {
    const recipient = writeBech32({ prefix: 'age', bytes: point });
    expect(parseRecipient(recipient)).toBe(recipient);
    expect(() => makeSeal([mine.recipient, recipient])).toThrow(/LS-REPO-030.*no secret key belongs to/);
  });
});

describe('a header of many stanzas', () => {
  const MOST = 667;
  it('opens up to its greatest length, and costs no more beyond', () => {
    const { opening } = makeSeal([
      ...Array.from({ length: MOST - 1 }, () => other.recipient),
      mine.recipient,
    ]);
    expect(typeof opener.open(opening)).toBe('object');
    expect(opening.length).toBeLessThanOrEqual(MAX_OPENING_BYTES);
    const more = Array.from({ length: MOST + 1 }, () => foreign);
    expect(open(signedStanzas(...more, stanza))).toBe('damaged');
    expect(openingLength(signedStanzas(...more, stanza))).toBeUndefined();
    expect(() => makeSeal(Array.from({ length: MOST + 1 }, () => mine.recipient))).toThrow(RangeError);
  });

  it.each([
    ['stanzas', '-> a\n\n'],
    ['arguments', ' a'],
    ['characters', 'a'],
    ['lines', `${'A'.repeat(64)}\n`],
  ])('is read once, however many %s it has', (_, text) => {
    const many = text.repeat(4_000_000 / text.length);
    for (const start of ['', '-> a\n', '-> a'])
      expect(open(signed(`age-encryption.org/v1\n${start}${many}\n---`))).toBe('damaged');
  });
});

describe('a key that is none', () => {
  it('is not quoted', () => {
    const text = mine.secret.reveal().slice(0, -1);
    const wrong = { ...mine, secret: new Secret(text, 'secret key of age') };
    expect(() => makeOpener([wrong])).toThrow(/^no secret key of age$/);
    expect(() => makeSeal(['age1'])).toThrow(TypeError);
  });
});
