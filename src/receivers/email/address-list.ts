/**
 * The addresses of a header of RFC 5322 (section 3.4), without their names; undefined when it cannot be read. Read
 * strictly, since a server that cannot read `From` refuses the mail: names are atoms, quoted or encoded.
 */
export function readAddressList(value: string): readonly string[] | undefined {
  const addresses: string[] = [];
  for (const part of split(value)) {
    const address = readMailbox(part.trim());
    if (address === undefined) return undefined;
    addresses.push(...address);
  }
  return addresses;
}

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const ATOM = String.raw`[A-Za-z0-9!#$%&'*+/=?^_\x60{|}~-]+`;
const WORD = `(?:${ATOM}|${QUOTED})`;
const SPEC = String.raw`((?:${ATOM}(?:\.${ATOM})*|${QUOTED})@(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[!-Z^-~]+\]))`;
const BARE = new RegExp(`^${SPEC}$`);
const NAMED = new RegExp(String.raw`^(?:${WORD}(?:[ \t.]+${WORD})*\.?[ \t]*)?<${SPEC}>$`);
/** `Undisclosed recipients:;` */
const EMPTY_GROUP = new RegExp(String.raw`^${WORD}(?:[ \t]+${WORD})*[ \t]*:[ \t]*;$`);

function readMailbox(text: string): readonly string[] | undefined {
  if (EMPTY_GROUP.test(text)) return [];
  const address = (BARE.exec(text) ?? NAMED.exec(text))?.[1];
  return address === undefined ? undefined : [address];
}

/** At the commas that are not quoted. */
function split(value: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let isQuoted = false;
  for (let i = 0; i < value.length; i++) {
    const character = value.charAt(i);
    if (isQuoted && character === '\\') part += value.charAt(i++);
    else if (character === '"') isQuoted = !isQuoted;
    if (character === ',' && !isQuoted) {
      parts.push(part);
      part = '';
    } else part += value.charAt(i);
  }
  return [...parts, part];
}
