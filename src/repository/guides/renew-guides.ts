import { hash } from 'node:crypto';
import type { PutOptions } from '../../stack/store.ts';
import { type RepositoryContext, signingKeyOf } from '../context.ts';
import { MARKER } from '../names.ts';
import { surveySnapshots } from '../record-store.ts';
import type { RepositoryRecord } from '../records.ts';
import { lockEnd } from '../run-lock.ts';
import { encodeRecord, signRecord } from '../signed-record.ts';
import { FIRST_GUIDES, type Guide, readGuides } from './guides.ts';

/** More than any guide has. */
export const GUIDE_BYTES = 1024 * 1024;

/**
 * Puts the guides of this version where the repository has older ones, and returns its record as it is now. No request where
 * it has these or newer ones. What is not as the record says was changed by somebody, and stays; `verify` names it.
 */
export async function renewGuides(
  context: RepositoryContext,
  record: RepositoryRecord,
): Promise<RepositoryRecord> {
  const { version, readme, restore } = await readGuides();
  if ((record.guides ?? FIRST_GUIDES) >= version) return record;
  const options = await lockOptions(context);
  const { signature: _, restore: earlier, ...rest } = record;
  const renewed = {
    readme: (await renew(context, readme, { recorded: record.readme, options })) ?? record.readme,
    restore: await renew(context, restore, { recorded: earlier, options }),
  };
  const body: Omit<RepositoryRecord, 'signature'> = {
    ...rest,
    guides: version,
    readme: renewed.readme,
    ...(renewed.restore === undefined ? {} : { restore: renewed.restore }),
  };
  const signed = signRecord(body, signingKeyOf(context));
  // Last: whoever is killed before leaves it to the next one.
  await context.store.put(MARKER, encodeRecord(signed), options);
  return signed;
}

/** The SHA-256 that goes on record. */
async function renew(
  { store }: RepositoryContext,
  { name, text, sha256 }: Guide,
  { recorded, options }: { readonly recorded: string | undefined; readonly options: PutOptions },
): Promise<string | undefined> {
  const stored = await store.get(name, { offset: 0, length: GUIDE_BYTES });
  const found = stored && hash('sha256', stored, 'hex');
  if (found === sha256) return sha256;
  if (found !== undefined && found !== recorded) return recorded;
  await store.put(name, text, options);
  return sha256;
}

/** At least for as long as snapshots say that the ones before are locked. */
async function lockOptions(context: RepositoryContext): Promise<PutOptions> {
  const days = context.lockDays?.(undefined);
  if (days === undefined) return {};
  const { records } = await surveySnapshots(context);
  const said = records.flatMap(({ lock }) => (lock ? [Date.parse(lock.repository)] : []));
  return { lockUntil: new Date(Math.max(lockEnd(await context.store.time(), days).getTime(), ...said)) };
}
