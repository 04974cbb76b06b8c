import type { ProgramSource } from '../../stack/source.ts';
import { capture } from './source/capture.ts';
import { compare } from './source/compare.ts';
import { damageState } from './source/damage.ts';
import { twinPlan } from './source/twin.ts';

/** Alertmanager's silences and notification log: the files it writes, and its API to hold them against. */
export function alertmanagerSource(): ProgramSource {
  return {
    component: 'alertmanager',
    capture,
    restorePath: (path) => path,
    twinPlan,
    compare,
    damage: damageState,
    notProven: [
      'alerts: Alertmanager keeps them in memory only; Prometheus sends those that still fire again',
      'that the receivers can be reached: the twin notifies nobody (`leitstand alert test` proves that)',
      'notifications that a restore repeats: each group once, when its log entry has expired or was written too late',
      'that alerts which were resolved since are closed at the provider: a restored Alertmanager does not know them',
    ],
  };
}
