import type { Language } from '../../stack/language.ts';

/** What the page of a link says. */
export type SeenView = 'question' | 'thanks' | 'expired' | 'unknown' | 'busy' | 'trouble';

export interface SeenText {
  readonly title: string;
  readonly text: string;
  /** Of the button, where there is one. */
  readonly button?: string;
}

export const SEEN_TEXTS: Readonly<Record<Language, Readonly<Record<SeenView, SeenText>>>> = {
  en: {
    question: {
      title: 'Did you see the test alert?',
      text: 'It is a test: nothing is wrong, and there is nothing to do but press the button. It tells how long a message takes to reach a person.',
      button: 'Yes, I saw it',
    },
    thanks: {
      title: 'Thank you',
      text: 'It is noted that the test alert was seen. You can close this page.',
    },
    expired: { title: 'This link has expired', text: 'The test is too long ago. There is nothing to do.' },
    unknown: { title: 'There is no such page', text: 'Copy the link from the message as a whole.' },
    busy: { title: 'Too many requests', text: 'Please try again in a minute.' },
    trouble: {
      title: 'That did not work',
      text: 'It could not be noted just now. Please try again in a minute.',
    },
  },
  de: {
    question: {
      title: 'Haben Sie den Testalarm gesehen?',
      text: 'Es ist ein Test: es ist nichts passiert, und es ist nichts zu tun, als den Knopf zu drücken. So wird gemessen, wie lange eine Nachricht bis zu einem Menschen braucht.',
      button: 'Ja, ich habe ihn gesehen',
    },
    thanks: {
      title: 'Danke',
      text: 'Es ist festgehalten, dass der Testalarm gesehen wurde. Sie können diese Seite schließen.',
    },
    expired: {
      title: 'Dieser Link gilt nicht mehr',
      text: 'Der Test ist zu lange her. Es ist nichts zu tun.',
    },
    unknown: {
      title: 'Diese Seite gibt es nicht',
      text: 'Bitte kopieren Sie den Link ganz aus der Nachricht.',
    },
    busy: { title: 'Zu viele Anfragen', text: 'Bitte versuchen Sie es in einer Minute noch einmal.' },
    trouble: {
      title: 'Das hat nicht geklappt',
      text: 'Es konnte gerade nicht festgehalten werden. Bitte versuchen Sie es in einer Minute noch einmal.',
    },
  },
};
