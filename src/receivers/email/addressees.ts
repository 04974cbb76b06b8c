import { formatMailAddress, type MailAddress, parseMailAddress } from '../../platform/mail-address.ts';

/** For addresses that have passed the schema. */
export function addressees(to: string | readonly string[]): readonly MailAddress[] {
  return (typeof to === 'string' ? [to] : to).map(addressee);
}

export function addressee(text: string): MailAddress {
  const address = parseMailAddress(text);
  if (!address) throw new TypeError(`not an address that passed the schema: ${text}`);
  return address;
}

/** As they stand in the header `To`. */
export function headerOf(addresses: readonly MailAddress[]): string {
  return addresses.map(formatMailAddress).join(', ');
}

/** How messages are told apart by their recipients: lower case, sorted, each once. */
export function recipientOf(addresses: readonly string[]): string {
  return [...new Set(addresses.map((address) => address.toLowerCase()))].sort().join(', ');
}
