import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { takes } from '../../src/routing/rendered.ts';
import type { Route } from '../../src/stack/stack.ts';
import { errorsOf, HEAD, load, SCHEMAS } from './workplace.ts';

const ROUTED = `${HEAD}components:\nreceivers: {a: {}}\nrouting:\n  default: a\n`;

describe('hours', () => {
  it('take days and months as YAML makes them: numbers or text', async () => {
    const { document } = await load(
      `${ROUTED}  hours:\n    x: {days_of_month: [1, -1, '5:7'], months: [6, december], weekdays: [Monday:friday]}\n`,
    );
    expect(document.routing.hours['x']).toMatchObject({
      days_of_month: [1, -1, '5:7'],
      months: [6, 'december'],
      weekdays: ['Monday:friday'],
      location: 'UTC',
    });
  });

  it('may hold variables, which are judged by their values', async () => {
    const yaml = `${ROUTED}  hours: {x: {times: ['\${env:FROM}-17:00']}}\n`;
    const { document } = await load(yaml, { FROM: '08:00' });
    expect(document.routing.hours['x']?.times).toEqual(['08:00-17:00']);
    const { errors } = await errorsOf(load(yaml, { FROM: '8' }));
    expect(errors.map(({ code }) => code)).toEqual(['LS-CONFIG-006']);
  });

  it('are in the JSON Schema as they may be written', () => {
    const at = (path: string) =>
      path
        .split('/')
        .reduce<unknown>(
          (schema, step) => (schema as Readonly<Record<string, unknown>>)[step],
          configJsonSchema(SCHEMAS),
        );
    const hours = 'properties/routing/properties/hours/additionalProperties/properties';
    expect(at(`${hours}/days_of_month/items`)).toMatchObject({
      anyOf: [{ type: ['string', 'integer'] }, { type: 'string' }],
    });
    expect(at(`${hours}/times/items`)).toMatchObject({ anyOf: [{ type: 'string' }, { type: 'string' }] });
    expect(at(`${hours}/weekdays`)).toMatchObject({ examples: [['monday:friday']] });
  });
});

describe('a route that is never reached', () => {
  const values = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 });
  const match = fc.dictionary(fc.constantFrom('team', 'site', 'severity'), values, {
    minKeys: 1,
    maxKeys: 2,
    noNullPrototype: true,
  });

  it('is one whose every alert an earlier one takes, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(match, { minLength: 1, maxLength: 5 }), async (matches) => {
        const routes: Route[] = matches.map((one) => ({
          match: Object.entries(one).map(([label, own]) => ({ label, values: own })),
          receiver: 'a',
        }));
        // Every alert with these labels and values, and one that no route means.
        const all = ['a', 'b', 'c', 'x', ''];
        const alerts = all.flatMap((team) =>
          all.flatMap((site) => all.map((severity) => ({ team, site, severity }))),
        );
        const isReached = (route: Route) =>
          alerts.some((labels) => routes.find((one) => takes(one, labels)) === route);
        const wanted = routes.flatMap((route, i) =>
          isReached(route) ? [] : [`routing.routes[${i}] is never reached`],
        );
        const yaml = `${ROUTED}  routes: ${JSON.stringify(matches.map((one) => ({ match: one, receiver: 'a' })))}\n`;
        const found =
          wanted.length === 0 ? await load(yaml).then(() => []) : (await errorsOf(load(yaml))).errors;
        expect(found.map(({ details }) => details.what)).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});
