import { hash } from 'node:crypto';
import type { LeitstandError } from '../../platform/errors.ts';
import { repositoryErrors } from '../errors.ts';
import { decryptBytes, makeOpener, makeSealer, type Seal } from './header.ts';
import type { HostKey } from './host-key.ts';
import type { AgeIdentity } from './identities.ts';
import type { PackKey, PackKeys } from './pack-keys.ts';

/** To whom a snapshot is encrypted, as its record says. */
export interface SnapshotEncryption {
  /** Public halves of the recovery keys, sorted: packs are encrypted to these alone. */
  readonly recipients: readonly string[];
  /** Of the host that made it: lists and sealed facts are encrypted to it as well. */
  readonly host: string;
}

/** The keys that are here. */
export interface Keyring {
  /** What is written from now on is encrypted to these; undefined: plain. */
  readonly writes: SnapshotEncryption | undefined;
  /** The payload key of a pack; `opening`: fetches that many first bytes of it, and is asked only where it is needed. */
  packKey(
    pack: string,
    opening: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | 'foreign' | 'damaged'>;
  /** What this host has written down as the payload key of a pack. */
  keptPackKey(pack: string): Promise<Uint8Array | undefined>;
  /** By the recovery keys that are here alone. `opening`: the first bytes of the pack. */
  openPack(opening: Uint8Array): Promise<Uint8Array | 'foreign' | 'damaged'>;
  /** What was written down of it is wrong: told once, and not used any more. */
  rejectPackKey(pack: string): void;
  /** Whether the host can open that pack by itself. */
  hasPackKey(pack: string): Promise<boolean>;
  /** The key of a pack that this host has put for the recipients of now: it can be built upon. */
  ownPack(pack: string): Promise<PackKey | undefined>;
  /** A list or sealed facts. */
  decrypt(file: Uint8Array, header?: number): Promise<Buffer | 'foreign' | 'damaged'>;
  /** Recovery keys among them: one opens all that is encrypted to it. */
  isRecoveredBy(encryption: SnapshotEncryption): boolean;
  /** Whether the lists of such a snapshot can be opened. */
  opensLists(encryption: SnapshotEncryption): boolean;
  /** For a list or sealed facts. Throws TypeError where nothing is encrypted. */
  makeListSeal(): Promise<Seal>;
  /** For a pack. Throws TypeError where nothing is encrypted. */
  makePackSeal(): Promise<Seal>;
  /** Before the pack is put. */
  rememberPack(key: Omit<PackKey, 'recipients' | 'at'>): Promise<void>;
  /** Forgets the packs of a source that need not be kept. */
  forgetPacks(source: string, isKept: (key: PackKey) => boolean): Promise<void>;
}

export interface KeyringOptions {
  /** Empty: what is written is plain. */
  readonly recipients: readonly string[];
  readonly hostKey: HostKey | undefined;
  readonly packKeys: PackKeys | undefined;
  readonly identities: readonly AgeIdentity[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** What reading goes on in spite of: LS-REPO-032. */
  readonly onWarning?: ((warning: LeitstandError) => void) | undefined;
}

/** Names a set of recipients, whatever their order. */
function recipientsId(recipients: readonly string[]): string {
  return hash('sha256', recipients.toSorted().join('\n'), 'hex').slice(0, 16);
}

export function makeKeyring(options: KeyringOptions): Keyring {
  const { recipients, hostKey, packKeys, identities, now } = options;
  const sorted = [...new Set(recipients)].sort();
  if (sorted.length > 0 && (!hostKey || !packKeys))
    throw new TypeError('encryption needs the keys of the host');
  const writes = hostKey && sorted.length > 0 ? { recipients: sorted, host: hostKey.recipient } : undefined;
  const id = recipientsId(sorted);
  const mine = new Set(identities.map(({ recipient }) => recipient));
  /** What a run of this process has built upon or put. */
  const held = new Map<string, PackKey>();
  const kept = keptKeys(options);
  const forPacks = makeOpener(identities);
  const openPack = async (opening: Uint8Array) => {
    const opened = forPacks.open(opening);
    return typeof opened === 'string' ? opened : opened.payloadKey;
  };
  const forLists = makeOpener([...identities, ...(hostKey ? [hostKey] : [])]);
  const sealers = writes && {
    forLists: makeSealer([...writes.recipients, writes.host]),
    forPacks: makeSealer(writes.recipients),
  };
  const isRecoveredBy = (encryption: SnapshotEncryption) =>
    encryption.recipients.some((recipient) => mine.has(recipient));
  return {
    writes,
    packKey: async (pack, opening) => {
      const known = await kept.get(pack);
      if (known) return known.payloadKey;
      if (identities.length === 0) return 'foreign';
      const bytes = await opening();
      return bytes ? openPack(bytes) : 'damaged';
    },
    keptPackKey: async (pack) => (await kept.get(pack))?.payloadKey,
    openPack,
    rejectPackKey: (pack) => kept.reject(pack),
    hasPackKey: async (pack) => (await kept.get(pack)) !== undefined,
    ownPack: async (pack) => {
      const known = writes && (await kept.get(pack));
      if (known?.recipients !== id) return undefined;
      held.set(pack, known);
      return known;
    },
    // Nothing to wait for, but callers are to see a rejection rather than an exception.
    decrypt: async (file, header) => decryptBytes(forLists, file, header),
    isRecoveredBy,
    opensLists: (encryption) => isRecoveredBy(encryption) || encryption.host === hostKey?.recipient,
    makeListSeal: async () => (sealers ?? unencrypted()).forLists(),
    makePackSeal: async () => (sealers ?? unencrypted()).forPacks(),
    rememberPack: async (key) => {
      const known = { ...key, recipients: id, at: now() };
      held.set(key.pack, known);
      await packKeys?.add(known);
    },
    forgetPacks: async (source, isKept) => {
      await packKeys?.compact(source, isKept, held.values());
      for (const key of held.values()) if (key.source === source) held.delete(key.pack);
    },
  };
}

/** What this host has written down, without what proved to be wrong. */
function keptKeys({ packKeys, onWarning }: Pick<KeyringOptions, 'packKeys' | 'onWarning'>) {
  const rejected = new Set<string>();
  return {
    get: async (pack: string) => (rejected.has(pack) ? undefined : packKeys?.get(pack)),
    reject: (pack: string) => {
      if (rejected.has(pack)) return;
      rejected.add(pack);
      if (packKeys) onWarning?.(wrongLine(packKeys.path, pack));
    },
  };
}

function unencrypted(): never {
  throw new TypeError('encrypted to nobody');
}

function wrongLine(file: string, pack: string): LeitstandError {
  return repositoryErrors.error('LS-REPO-032', {
    what: `the key that this host keeps for pack ${pack} is not that of the pack`,
    why: `its line in ${file} was changed; the pack itself is as it was written`,
    where: { file },
    fix: `take the line away: sed -i '/${pack}/d' ${file}; the next backup stores anew what it needs of that pack`,
  });
}

/** LS-REPO-029. `what`: whose key is missing, e.g. `list lists/…`. */
export function noKey(what: string, encryption?: SnapshotEncryption): LeitstandError {
  return repositoryErrors.error('LS-REPO-029', {
    what: `${what} is encrypted, and no key is here that opens it`,
    why: encryption
      ? `one of these recovery keys opens it: ${encryption.recipients.join(', ')}`
      : 'only the newest backups that a host made itself open without a recovery key',
    fix: 'give the file with the secret half of the recovery key: --identity FILE',
  });
}
