import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  cron,
  duration,
  fieldKinds,
  name,
  path,
  port,
  secret,
  size,
  timeZone,
} from '../../src/config/fields.ts';
import { SecretReference } from '../../src/stack/secret.ts';

function message(schema: z.ZodType, input: unknown): string {
  const result = schema.safeParse(input);
  return result.success ? 'ok' : result.error.issues.map((issue) => issue.message).join('; ');
}

describe('a duration', () => {
  it.each(['0s', '15s', '500ms', '1d12h', '1y'])('may be %s', (text) => {
    expect(duration().parse(text)).toBe(text);
  });

  it.each([
    [15, 'is 15; a duration needs a unit, e.g. 15s'],
    ['15', 'is 15; a duration needs a unit, e.g. 15s'],
    ['15 minutes', 'is no duration: `15 minutes`'],
    ['-5s', 'is no duration: `-5s`'],
    [true, 'must be a duration such as 15s, not true or false'],
    [undefined, 'is missing'],
  ])('may not be %s', (input, text) => {
    expect(message(duration(), input)).toBe(text);
  });

  it.each([
    ['15 minutes', 'did you mean 15m?'],
    ['1 hour, 30 min', 'did you mean 1h30m?'],
    ['2 Tage', 'units are y, w, d, h, m, s and ms, e.g. 15s or 1d12h'],
    ['1.5h', 'did you mean 1h30m?'],
    ['30m1h', 'did you mean 1h30m?'],
    ['3 months', 'units are y, w, d, h, m, s and ms, e.g. 15s or 1d12h'],
  ])('%s has a fix', (input, fix) => {
    expect(fieldKinds.get(duration())?.object(input)?.fix).toBe(fix);
  });

  it('may have a lower bound', () => {
    expect(message(duration({ min: '1s' }), '999ms')).toBe('is 999ms; the least is 1s');
    expect(message(duration({ min: '1s' }), '1s')).toBe('ok');
  });
});

it.each([
  ['1GB', undefined],
  ['512 MiB', undefined],
  ['1G', 'did you mean 1GB or 1GiB?'],
  ['1g', 'did you mean 1GB or 1GiB?'],
  ['500k', 'did you mean 500kB or 500KiB?'],
  ['1Gi', 'did you mean 1GiB?'],
  ['1gb', 'did you mean 1GB?'],
  ['1 KB', 'did you mean 1kB?'],
  [1024, 'write 1024MiB or 1024GiB'],
  ['much', 'units are B, kB, MB, GB, TB, KiB, MiB, GiB and TiB, e.g. 512MiB'],
])('the size %s: %s', (input, fix) => {
  expect(fieldKinds.get(size())?.object(input)?.fix).toBe(fix);
  expect(message(size(), input) === 'ok').toBe(fix === undefined);
});

it('a port is a whole number from 1 to 65535', () => {
  for (const number of [1, 9090, 65_535]) expect(message(port(), number)).toBe('ok');
  for (const number of [0, -1, 65_536, 1.5, Number.NaN, '9090', null])
    expect(message(port(), number)).not.toBe('ok');
});

it('a secret is text or a reference, and no message shows it', () => {
  expect(secret().parse('abc')).toBe('abc');
  expect(secret().parse(new SecretReference('A'))).toEqual(new SecretReference('A'));
  for (const input of ['', 12345, ['abc'], { abc: 1 }]) {
    expect(message(secret(), input)).not.toBe('ok');
    expect(message(secret(), input)).not.toMatch(/abc|12345/);
  }
});

it('paths and names', () => {
  expect(message(path(), 'a/b')).toBe('ok');
  expect(message(path({ absolute: true }), 'a/b')).toBe('is `a/b`; the full path is needed, starting with /');
  expect(message(path(), '~/a')).toBe('is `~/a`; nothing expands the ~ here');
  expect(message(name(), 'rathaus-nord')).toBe('ok');
  for (const text of ['', '-a', 'a b', 'ä', 'a'.repeat(42)]) expect(message(name(), text)).not.toBe('ok');
});

it('a field keeps its kind through everything that plug-ins do with it', () => {
  const shape = {
    described: duration().describe('d'),
    optional: size().describe('d').optional(),
    fallback: port().default(1).describe('d'),
    examples: secret().meta({ examples: ['x'] }),
  };
  const json = z.toJSONSchema(z.strictObject(shape), { unrepresentable: 'any', io: 'input' });
  expect(json.properties?.['fallback']).toMatchObject({
    default: 1,
    description: 'd',
    minimum: 1,
    maximum: 65_535,
  });
  expect(fieldKinds.get(shape.described)?.name).toBe('duration');
  expect(fieldKinds.get(shape.optional.unwrap())?.name).toBe('size');
  expect(fieldKinds.get(shape.fallback.unwrap())?.name).toBe('port');
  expect(fieldKinds.get(shape.examples)?.name).toBe('secret');
});

describe('a schedule', () => {
  it.each(['0 10 * * 1', '*/15 2-4 1,L * MON-FRI', '0 0 29 2 *'])('may be %s', (text) => {
    expect(cron().parse(text)).toBe(text);
  });

  it.each([
    ['weekly', 'is no schedule: `weekly`'],
    ['0 25 * * *', 'is no schedule: `0 25 * * *`'],
    ['0 0 10 * * 1', 'is no schedule: `0 0 10 * * 1`'],
    ['0 0 30 2 *', 'never comes: `0 0 30 2 *`'],
    [10, "must be a schedule such as '0 10 * * 1', not a number"],
  ])('may not be %s', (input, text) => {
    expect(message(cron(), input)).toBe(text);
  });
});

describe('a time zone', () => {
  it('is one that this machine knows', () => {
    for (const text of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'])
      expect(timeZone().parse(text)).toBe(text);
    expect(message(timeZone(), 'Europe/Berln')).toBe('is no time zone: `Europe/Berln`');
    expect(fieldKinds.get(timeZone())?.object('Europe/Berln')?.fix).toBe('did you mean Europe/Berlin?');
    expect(message(timeZone(), 1)).toBe('must be a time zone such as Europe/Berlin, not a number');
  });
});
