import { type Html, html, type HtmlValue, harmlessLink } from '../../platform/html.ts';
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
import type { Language } from '../../stack/language.ts';
import { CARD_WORDS, type CardWords } from './words.ts';

/**
 * The message drawn the way people see it, for a page that has `CARD_STYLE`. Whatever it holds is text: no value
 * becomes markup, runs, or loads anything. A mail's HTML part stands in a frame without any right.
 */
export function cardHtml(card: MessageCard, language: Language): Html {
  const words = CARD_WORDS[language];
  switch (card.kind) {
    case 'chat':
      return chatHtml(card, words);
    case 'mail':
      return mailHtml(card, words);
    case 'incident':
      return incidentHtml(card, words);
    case 'data':
      return dataHtml(card);
  }
}

function chatHtml(card: ChatCard, words: CardWords): Html {
  const { author, title, colour, text, fields, buttons, footer, notification } = card;
  return html`<div class="card chat">
<p class="chat-author"><span class="avatar" aria-hidden="true">${Array.from(author)[0] ?? ''}</span> <b>${author}</b></p>
<div class="attachment">
${bar(colour)}
<div class="attachment-body">
${title && html`<p class="chat-title">${linkHtml(title)}</p>`}
<div class="chat-text">${spansHtml(text)}</div>
${fields.length > 0 && html`<dl class="chat-fields">${fields.map((field) => html`<div><dt>${field.title}</dt><dd>${spansHtml(field.text)}</dd></div>`)}</dl>`}
${buttons.length > 0 && html`<p class="buttons">${buttons.map((button) => linkHtml(button, 'button'))}</p>`}
${footer !== undefined && html`<p class="chat-footer">${footer}</p>`}
</div></div></div>
${phoneHtml(author, notification, words)}`;
}

const GREY = '#8a8f98';

function bar(colour = GREY): Html {
  const paint = /^#(?:[0-9a-f]{3}){1,2}$/i.test(colour) ? colour : GREY;
  return html`<svg class="bar" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 1 1"><rect width="1" height="1" fill="${paint}"></rect></svg>`;
}

function mailHtml({ subject, from, to, text, html: page }: MailCard, words: CardWords): Html {
  return html`<div class="card mail">
<dl class="mail-head">
<div class="mail-subject"><dt>${words.subject}</dt><dd>${subject || words.noSubject}</dd></div>
<div><dt>${words.from}</dt><dd>${from}</dd></div>
<div><dt>${words.to}</dt><dd>${to}</dd></div>
</dl>
${page !== undefined && html`<iframe sandbox referrerpolicy="no-referrer" title="${words.htmlPart}" srcdoc="${page}"></iframe>`}
${
  text === undefined
    ? html`<p class="mail-none">${words.noTextPart}</p>`
    : html`<details class="mail-text"${page === undefined && html` open`}><summary>${words.textPart}</summary><pre tabindex="0">${text}</pre></details>`
}
</div>
${phoneHtml(senderOf(from), subject || words.noSubject, words, beginningOf(text))}`;
}

function incidentHtml(card: IncidentCard, words: CardWords): Html {
  const { action, summary, severity, facts, details, links } = card;
  // What every object inherits is no word: an event may say `constructor`.
  const word = Object.hasOwn(words.actions, action) ? words.actions[action] : action;
  return html`<div class="card incident">
<p class="incident-state"><span class="state ${actionClass(action)}">${word}</span>
${severity !== '' && html`<span class="severity ${severityClass(severity)}">${severity}</span>`}</p>
<p class="incident-summary">${summary}</p>
${factsHtml(facts)}
${details.length > 0 && html`<p class="incident-details">${words.details}</p>${factsHtml(details)}`}
${links.length > 0 && html`<p class="buttons">${links.map((link) => linkHtml(link, 'button'))}</p>`}
</div>
${phoneHtml('PagerDuty', `${word}: ${summary}`, words)}`;
}

function actionClass(action: string): string {
  return action === 'resolve' ? 'state-over' : 'state-on';
}

/** Of PagerDuty's four; others are no severity there. */
function severityClass(severity: string): string {
  return ['critical', 'error', 'warning', 'info'].includes(severity) ? `severity-${severity}` : '';
}

function dataHtml({ title, facts, data }: DataCard): Html {
  return html`<div class="card data">
<p class="data-title">${title}</p>
${factsHtml(facts)}
${data !== undefined && html`<pre tabindex="0">${JSON.stringify(data, null, 2)}</pre>`}
</div>`;
}

function factsHtml(facts: readonly CardFact[]): HtmlValue {
  return (
    facts.length > 0 &&
    html`<dl class="facts">${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
  );
}

function phoneHtml(sender: string, text: string, words: CardWords, more = ''): Html {
  return html`<div class="phone"><p class="phone-label">${words.onAPhone}</p>
<p class="phone-note"><b>${sender}</b> <span>${text}</span>${more !== '' && html` <span>${more}</span>`}</p></div>`;
}

/** Phones show a name rather than an address. */
function senderOf(from: string): string {
  return from.replace(/\s*<[^<>]*>\s*$/, '').replace(/^"(.*)"$/, '$1') || from;
}

const BEGINNING = 140;

function beginningOf(text = ''): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > BEGINNING ? `${line.slice(0, BEGINNING)}…` : line;
}

function spansHtml(spans: readonly Span[]): HtmlValue {
  return spans.map(spanHtml);
}

function spanHtml({ text, bold, italic, strike, code, quote, address, calls }: Span): Html {
  let inner: Html = address === undefined ? html`${text}` : linkHtml({ text, address });
  if (code) inner = html`<code>${inner}</code>`;
  if (strike) inner = html`<s>${inner}</s>`;
  if (italic) inner = html`<i>${inner}</i>`;
  if (bold) inner = html`<b>${inner}</b>`;
  if (calls) inner = html`<mark>${inner}</mark>`;
  return quote ? html`<q>${inner}</q>` : inner;
}

/** What cannot be followed without danger is shown beside its text, and leads nowhere. */
function linkHtml({ text, address }: CardLink, look?: 'button'): Html {
  const target = address === undefined ? undefined : harmlessLink(address);
  const words = text || address;
  if (target !== undefined)
    return html`<a${look && html` class="${look}"`} href="${target}" rel="noreferrer noopener">${words}</a>`;
  return html`<span${look && html` class="${look} dead"`}>${words}${address !== undefined && address !== words && html` <code>${address}</code>`}</span>`;
}
