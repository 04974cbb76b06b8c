import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/inspection/inspect.ts';
import { type PlacedWaiver, waiversInText } from '../../src/inspection/waivers.ts';
import { modelOf, TODAY } from './model-of.ts';

const RULES = `groups:
  - name: containers
    rules:
      - alert: First
        expr: container_memory_rss / container_spec_memory_limit_bytes > 0.8
        labels: { severity: warning }
        annotations: { summary: x }
      - alert: Second
        expr: container_memory_rss / container_spec_memory_limit_bytes > 0.9
        labels: { severity: critical }
        annotations: { summary: x }
`;

function outcome(text: string, waivers: readonly PlacedWaiver[] = [], today = TODAY) {
  const { findings, waived } = inspect({
    model: modelOf({ 'rules.yml': text }),
    waivers: [...waivers, ...waiversInText('rules.yml', text)],
    today,
  });
  return {
    findings: findings.map(({ code, subject }) => `${code} ${subject}`),
    waived: waived.map(
      ({ code, subject, waived: { reason, until } }) => `${code} ${subject} ${until} ${reason}`,
    ),
  };
}

const waiver = (rest: Partial<PlacedWaiver> = {}): PlacedWaiver => ({
  code: 'LS-CHECK-008',
  reason: 'all have limits',
  until: '2026-12-31',
  where: { file: 'leitstand.yaml' },
  ...rest,
});

describe('waivers of leitstand.yaml', () => {
  it('cover every finding of the code, or those of a subject', () => {
    expect(outcome(RULES).findings).toEqual(['LS-CHECK-008 First', 'LS-CHECK-008 Second']);
    expect(outcome(RULES, [waiver()])).toEqual({
      findings: [],
      waived: [
        'LS-CHECK-008 First 2026-12-31 all have limits',
        'LS-CHECK-008 Second 2026-12-31 all have limits',
      ],
    });
    expect(outcome(RULES, [waiver({ subject: 'Second' })]).findings).toEqual(['LS-CHECK-008 First']);
  });

  it('hold on their last day, and are a finding themselves after it', () => {
    expect(outcome(RULES, [waiver()], '2026-12-31').findings).toEqual([]);
    expect(outcome(RULES, [waiver()], '2027-01-01').findings).toEqual([
      'LS-CHECK-017 LS-CHECK-008',
      'LS-CHECK-008 First',
      'LS-CHECK-008 Second',
    ]);
  });

  it('of other commands are none of its business', () => {
    const others = [
      waiver({ code: 'LS-DOCTOR-003' }),
      waiver({ code: 'LS-DOCTOR-004', until: '2020-01-01' }),
    ];
    expect(outcome(RULES, [waiver(), ...others]).findings).toEqual([]);
  });

  it('that cover nothing are a finding, whether they hold or not', () => {
    expect(outcome(RULES, [waiver(), waiver({ code: 'LS-CHECK-003' })]).findings).toEqual([
      'LS-CHECK-017 LS-CHECK-003',
    ]);
    expect(outcome(RULES, [waiver(), waiver({ subject: 'Third', until: '2020-01-01' })]).findings).toEqual([
      'LS-CHECK-017 LS-CHECK-008:Third',
    ]);
  });
});

describe('comments in a file', () => {
  const comment = '# leitstand:ignore LS-CHECK-008 until 2026-12-31: all have limits';

  it('above an entry cover the entry and no other', () => {
    const text = RULES.replace('      - alert: First', `      ${comment}\n      - alert: First`);
    expect(outcome(text)).toEqual({
      findings: ['LS-CHECK-008 Second'],
      waived: ['LS-CHECK-008 First 2026-12-31 all have limits'],
    });
  });

  it('at the end of a line cover that line', () => {
    const text = RULES.replace('> 0.9', `> 0.9 ${comment}`);
    expect(outcome(text).findings).toEqual(['LS-CHECK-008 First']);
  });

  it('at the top cover the file', () => {
    expect(outcome(`# Rules\n${comment}\n\n${RULES}`).findings).toEqual([]);
  });

  it('may name a subject', () => {
    expect(outcome(`${comment.replace('008', '008:Second')}\n${RULES}`).findings).toEqual([
      'LS-CHECK-008 First',
    ]);
  });

  it.each([
    ['without a date', '# leitstand:ignore LS-CHECK-008: all have limits'],
    ['without a reason', '# leitstand:ignore LS-CHECK-008 until 2026-12-31:'],
  ])('%s cover nothing', (_, text) => {
    expect(outcome(`${text}\n${RULES}`).findings).toContain('LS-CHECK-008 First');
  });
});
