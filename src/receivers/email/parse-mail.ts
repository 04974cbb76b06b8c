import type { Email } from 'postal-mime';

export type ParsedMail = Pick<Email, 'subject' | 'text' | 'html' | 'headers' | 'attachments'>;

/** Rejects for what no reader of mail could make sense of. */
export async function parseMail(source: Buffer | string): Promise<ParsedMail> {
  const { default: PostalMime } = await import('postal-mime');
  return PostalMime.parse(source);
}

export function headerValue({ headers }: ParsedMail, name: string): string | undefined {
  return headers.find(({ key }) => key === name)?.value;
}
