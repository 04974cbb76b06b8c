import type { Language } from '../../stack/language.ts';

/** What stands around the message in a drawn card. */
export interface CardWords {
  readonly onAPhone: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly noSubject: string;
  readonly textPart: string;
  readonly noTextPart: string;
  readonly htmlPart: string;
  readonly details: string;
  /** PagerDuty's words for what an event does. */
  readonly actions: Readonly<Record<string, string>>;
  readonly refused: string;
  readonly worthKnowing: string;
  readonly asSent: string;
}

export const CARD_WORDS: Readonly<Record<Language, CardWords>> = {
  en: {
    onAPhone: 'On a phone',
    from: 'From',
    to: 'To',
    subject: 'Subject',
    noSubject: '(no subject)',
    textPart: 'The part for programs without HTML',
    noTextPart: 'There is no part for programs without HTML.',
    htmlPart: 'The mail as HTML',
    details: 'Details',
    actions: { trigger: 'Triggered', acknowledge: 'Acknowledged', resolve: 'Resolved' },
    refused: 'The provider would refuse this message.',
    worthKnowing: 'Worth knowing',
    asSent: 'Exactly as sent',
  },
  de: {
    onAPhone: 'Auf dem Telefon',
    from: 'Von',
    to: 'An',
    subject: 'Betreff',
    noSubject: '(ohne Betreff)',
    textPart: 'Der Teil für Programme ohne HTML',
    noTextPart: 'Es gibt keinen Teil für Programme ohne HTML.',
    htmlPart: 'Die Mail als HTML',
    details: 'Einzelheiten',
    actions: { trigger: 'Ausgelöst', acknowledge: 'Angenommen', resolve: 'Behoben' },
    refused: 'Der Anbieter würde diese Nachricht ablehnen.',
    worthKnowing: 'Gut zu wissen',
    asSent: 'Genau so gesendet',
  },
};
