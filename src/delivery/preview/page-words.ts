import type { Language } from '../../stack/language.ts';
import { MANY_ALERTS, type PreviewCase } from './report.ts';

export interface PageWords {
  readonly title: string;
  readonly nothingSent: (version: string) => string;
  readonly skip: string;
  readonly receivers: string;
  readonly made: string;
  readonly messages: (count: number) => string;
  readonly warnings: (count: number) => string;
  readonly mistakes: (count: number) => string;
  readonly cases: Readonly<Record<PreviewCase, { readonly name: string; readonly about: string }>>;
  readonly types: Readonly<Record<string, string>>;
  readonly failed: string;
  readonly silent: string;
  readonly always: string;
  readonly notShown: string;
}

export const PAGE_WORDS: Readonly<Record<Language, PageWords>> = {
  en: {
    title: 'Alert preview',
    nothingSent: (version) =>
      `Every message was made by a real Alertmanager ${version} and caught on this machine. Nothing was sent to anybody.`,
    skip: 'To the messages',
    receivers: 'Receivers',
    made: 'Made',
    messages: (count) => `${count} ${count === 1 ? 'message' : 'messages'}`,
    warnings: (count) => `${count} ${count === 1 ? 'warning' : 'warnings'}`,
    mistakes: (count) => `${count} ${count === 1 ? 'mistake' : 'mistakes'}`,
    cases: {
      firing: { name: 'An alert fires', about: 'the usual case' },
      resolved: { name: 'It is over', about: 'the same alert, resolved' },
      many: { name: `${MANY_ALERTS} alerts at once`, about: 'one group, one message' },
      bare: { name: 'Without annotations', about: 'a rule that says nothing but its name' },
      hostile: { name: 'Hostile values', about: 'labels and texts that try to break out' },
      test: { name: 'Test alert', about: 'what `leitstand alert test` sends' },
    },
    types: { slack: 'Slack', email: 'E-mail', pagerduty: 'PagerDuty', webhook: 'Webhook' },
    failed: 'No message came out.',
    silent: 'Nothing is sent.',
    always: 'True of every message here',
    notShown: 'Not shown',
  },
  de: {
    title: 'Alarm-Vorschau',
    nothingSent: (version) =>
      `Jede Nachricht hat ein echter Alertmanager ${version} erzeugt; sie wurde auf diesem Rechner abgefangen. Niemand hat etwas bekommen.`,
    skip: 'Zu den Nachrichten',
    receivers: 'Empfänger',
    made: 'Erstellt',
    messages: (count) => `${count} ${count === 1 ? 'Nachricht' : 'Nachrichten'}`,
    warnings: (count) => `${count} ${count === 1 ? 'Hinweis' : 'Hinweise'}`,
    mistakes: (count) => `${count} Fehler`,
    cases: {
      firing: { name: 'Ein Alarm wird ausgelöst', about: 'der übliche Fall' },
      resolved: { name: 'Er ist vorbei', about: 'derselbe Alarm, behoben' },
      many: { name: `${MANY_ALERTS} Alarme auf einmal`, about: 'eine Gruppe, eine Nachricht' },
      bare: { name: 'Ohne Texte', about: 'eine Regel, die nur ihren Namen nennt' },
      hostile: { name: 'Feindliche Werte', about: 'Labels und Texte, die auszubrechen versuchen' },
      test: { name: 'Testalarm', about: 'was `leitstand alert test` sendet' },
    },
    types: { slack: 'Slack', email: 'E-Mail', pagerduty: 'PagerDuty', webhook: 'Webhook' },
    failed: 'Es kam keine Nachricht zustande.',
    silent: 'Es wird nichts gesendet.',
    always: 'Gilt für alle Nachrichten hier',
    notShown: 'Nicht gezeigt',
  },
};
