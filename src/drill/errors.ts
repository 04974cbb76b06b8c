import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const drillErrors = defineErrors({
  'LS-DRILL-001': {
    exit: EXIT.locked,
    title: 'another drill is running',
    explanation:
      'Drills share one scratch directory, which each clears of what killed ones left. The lock falls with the ' +
      'process that holds it.',
  },
  'LS-DRILL-002': {
    exit: EXIT.couldNotCheck,
    title: 'there is no snapshot to drill',
    explanation:
      'A drill restores the newest snapshot of each source; this source has none in the repository.',
  },
  'LS-DRILL-003': {
    exit: EXIT.couldNotCheck,
    title: 'there is not enough room for a drill',
    explanation:
      'A drill restores a whole snapshot into its scratch directory and removes it afterwards. Nothing was restored.',
  },
  'LS-DRILL-004': {
    exit: EXIT.couldNotCheck,
    title: 'a drill failed in a way Leitstand did not foresee',
    explanation:
      'Nothing is proven and nothing refuted. The text and the place in the program are quoted: please report them.',
  },
  'LS-DRILL-005': {
    exit: EXIT.usage,
    title: 'the snapshot belongs to another source',
    explanation: 'A drill of one snapshot needs the source that the snapshot was made of.',
  },
  'LS-DRILL-006': {
    exit: EXIT.couldNotCheck,
    title: 'the program here is older than the one that wrote the data',
    explanation:
      'Older versions cannot always read what newer ones wrote, so a drill with an older program would blame the ' +
      'backup for the program. Nothing was restored. The same version or a newer one is needed on this machine.',
  },
  'LS-DRILL-007': {
    exit: EXIT.no,
    title: 'the newest snapshot that this host has made is gone',
    explanation:
      'An older one would restore, but not what the last backup held: somebody has deleted in the repository, or it is ' +
      'another one than that of the last backup. Retention never takes the newest.',
  },
});
