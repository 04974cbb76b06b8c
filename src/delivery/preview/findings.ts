import type { CasePreview, IntegrationPreview, SentMessage } from './report.ts';

/** What is true of every message of an integration: worth saying once. */
export function commonFindings({ cases }: IntegrationPreview): readonly string[] {
  const [first, ...others] = sentIn(cases);
  if (!first || others.length === 0) return [];
  return first.findings.filter((finding) => others.every(({ findings }) => findings.includes(finding)));
}

/** Each once, however many messages it is about. */
export function distinctFindings({ cases }: IntegrationPreview): readonly string[] {
  return [...new Set(sentIn(cases).flatMap(({ findings }) => findings))];
}

export function withoutCommon(message: SentMessage, common: readonly string[]): SentMessage {
  return { ...message, findings: message.findings.filter((finding) => !common.includes(finding)) };
}

export function sentIn(cases: readonly CasePreview[]): readonly SentMessage[] {
  return cases.filter((one) => 'message' in one);
}
