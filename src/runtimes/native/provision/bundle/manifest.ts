import { z } from 'zod';

/** Last in the archive: one that ends early has none. */
export const MANIFEST = 'manifest.json';

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Processor that the programs are for, as Node names it: `x64`. */
  arch: z.string(),
  created: z.string(),
  files: z.array(
    z.strictObject({
      /** `programs/NAME/ORIGIN-VERSION/…`, as in the cache directory. */
      path: z.string(),
      /** Bytes. */
      size: z.number(),
      executable: z.boolean(),
      sha256: z.string(),
    }),
  ),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = Manifest['files'][number];
