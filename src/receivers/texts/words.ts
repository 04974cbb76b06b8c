import type { Language } from '../../stack/language.ts';

/** What messages say around the alerts' own texts. */
export interface Words {
  /** In place of a severity that the alerts do not share. */
  readonly alert: string;
  /** After their number: 1, or another. */
  readonly oneAlert: string;
  readonly alerts: string;
  /** In place of the name of an alert that has none. */
  readonly nameless: string;
  readonly resolved: string;
  readonly in: string;
  readonly summary: string;
  readonly description: string;
  readonly impact: string;
  readonly workspace: string;
  readonly probe: string;
  readonly instance: string;
  /** In place of a label in which the alerts differ. */
  readonly several: string;
  readonly since: string;
  readonly lasted: string;
  readonly severity: string;
  /** The link of a test that leads to the page with the button. */
  readonly seen: string;
  readonly runbook: string;
  readonly dashboard: string;
  readonly query: string;
  readonly silence: string;
  /** The alerts' page in Alertmanager. */
  readonly overview: string;
  /** After `+45`. */
  readonly more: string;
  /** Of a test alert: a short mark, and a sentence. */
  readonly test: string;
  readonly nothingIsWrong: string;
}

export const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    alert: 'ALERT',
    oneAlert: 'alert',
    alerts: 'alerts',
    nameless: 'alert without a name',
    resolved: 'resolved',
    in: 'in',
    summary: 'Summary',
    description: 'Description',
    impact: 'Impact',
    workspace: 'Workspace',
    probe: 'Probe',
    instance: 'Instance',
    several: 'several',
    since: 'Since',
    lasted: 'lasted',
    severity: 'Severity',
    seen: 'I saw this',
    runbook: 'Runbook',
    dashboard: 'Dashboard',
    query: 'Query',
    silence: 'Silence',
    overview: 'All alerts',
    more: 'more',
    test: 'TEST',
    nothingIsWrong: 'This is a test: nothing is wrong.',
  },
  de: {
    alert: 'ALARM',
    oneAlert: 'Alarm',
    alerts: 'Alarme',
    nameless: 'Alarm ohne Namen',
    resolved: 'behoben',
    in: 'in',
    summary: 'Zusammenfassung',
    description: 'Beschreibung',
    impact: 'Auswirkung',
    workspace: 'Workspace',
    probe: 'Prüfung',
    instance: 'Instanz',
    several: 'mehrere',
    since: 'Seit',
    lasted: 'Dauer',
    severity: 'Schweregrad',
    seen: 'Ich habe das gesehen',
    runbook: 'Anleitung',
    dashboard: 'Dashboard',
    query: 'Abfrage',
    silence: 'Stummschalten',
    overview: 'Alle Alarme',
    more: 'weitere',
    test: 'TEST',
    nothingIsWrong: 'Dies ist ein Test: es ist nichts passiert.',
  },
};
