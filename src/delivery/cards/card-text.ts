import type {
  CardFact,
  CardLink,
  ChatCard,
  DataCard,
  IncidentCard,
  MailCard,
  MessageCard,
  Span,
} from '../../stack/card.ts';

/** The message as lines for a terminal; what it holds of control characters is the output's to replace. */
export function cardText(card: MessageCard): string[] {
  switch (card.kind) {
    case 'chat':
      return chatText(card);
    case 'mail':
      return mailText(card);
    case 'incident':
      return incidentText(card);
    case 'data':
      return dataText(card);
  }
}

/** What the message is known by; undefined where the card says less than the message. */
export function cardTitle(card: MessageCard): string | undefined {
  switch (card.kind) {
    case 'chat':
      return card.title?.text ?? card.notification;
    case 'mail':
      return card.subject;
    case 'incident':
      return card.summary;
    case 'data':
      return undefined;
  }
}

function chatText({ title, text, fields, buttons, footer, notification }: ChatCard): string[] {
  return [
    ...(title === undefined ? [] : [title.text]),
    ...linesOf(spansText(text)),
    ...fields.map((field) => `${field.title}: ${spansText(field.text)}`),
    ...buttons.map(linkText),
    ...(footer === undefined ? [] : [footer]),
    `on a phone: ${notification}`,
  ];
}

/** Mail programs show the HTML part first; the other says the same in words. */
function mailText({ subject, from, to, text, html }: MailCard): string[] {
  return [
    `Subject: ${subject}`,
    `From: ${from}`,
    `To: ${to}`,
    '',
    ...(text === undefined ? ['(there is no text part)'] : linesOf(text)),
    ...(html === undefined
      ? []
      : ['', `(and an HTML part of ${html.length} characters: --html FILE draws it)`]),
  ];
}

function incidentText({ action, summary, severity, facts, details, links }: IncidentCard): string[] {
  return [
    `${action}, ${severity || 'without a severity'}`,
    summary,
    ...[...facts, ...details].flatMap(factLines),
    ...links.map(linkText),
  ];
}

function dataText({ facts, data }: DataCard): string[] {
  return [...facts.flatMap(factLines), ...(data === undefined ? ['(no JSON)'] : [])];
}

function factLines({ name, value }: CardFact): string[] {
  const [first = '', ...rest] = linesOf(value);
  return [`${name}: ${first}`, ...rest.map((line) => `  ${line}`)];
}

function linkText({ text, address }: CardLink): string {
  return address === undefined ? `[${text}]` : `[${text}] ${address}`;
}

function spansText(spans: readonly Span[]): string {
  return spans
    .map(({ text, address, calls }) => {
      if (calls) return `${text} (CALLS PEOPLE)`;
      return address === undefined || address === text ? text : `${text} (${address})`;
    })
    .join('');
}

function linesOf(text: string): string[] {
  return text.trim() === '' ? [] : text.replaceAll('\r\n', '\n').trimEnd().split('\n');
}
