import { type Html, html } from '../../platform/html.ts';
import type { Language } from '../../stack/language.ts';
import { codeHtml, messageHtml, noteHtml } from '../cards/message-html.ts';
import { cardPage } from '../cards/page.ts';
import { commonFindings, distinctFindings, sentIn, withoutCommon } from './findings.ts';
import { PAGE_STYLE } from './page-style.ts';
import { PAGE_WORDS, type PageWords } from './page-words.ts';
import type { CasePreview, IntegrationPreview, NotShown, PreviewReport } from './report.ts';

export interface PageFacts {
  readonly stack: string;
  readonly environment: string;
  readonly language: Language;
  readonly madeAt: Date;
}

/** The whole preview as one file that needs nothing else. */
export function previewPage(report: PreviewReport, facts: PageFacts): string {
  const { language, stack } = facts;
  const words = PAGE_WORDS[language];
  const { integrations, notShown, alertmanager } = report;
  const body = html`<a class="skip" href="#messages">${words.skip}</a>
<header>
<h1>${words.title} <span>${stack} · ${facts.environment}</span></h1>
<p>${words.nothingSent(alertmanager)}</p>
${countsHtml(report, words)}
</header>
<nav aria-label="${words.receivers}"><ul>${integrations.map((one, index) => html`<li><a href="#i${index}">${one.receiver} <span>${typeName(one.type, words)}</span></a></li>`)}</ul></nav>
<main id="messages">${integrations.map((one, index) => sectionHtml(one, index, language))}</main>
<footer>${notShown.length > 0 && notShownHtml(notShown, words)}
<p>${words.made} ${timeHtml(facts.madeAt)}</p></footer>`;
  return cardPage({ title: `${words.title}: ${stack}`, language, style: PAGE_STYLE, body });
}

function timeHtml(time: Date): Html {
  const text = time.toISOString();
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

function countsHtml({ integrations }: PreviewReport, words: PageWords): Html {
  const cases = integrations.flatMap((one) => one.cases);
  const warnings = integrations.flatMap(distinctFindings).length;
  const mistakes = cases.filter(({ outcome }) => outcome === 'refused' || outcome === 'failed').length;
  return html`<ul class="counts"><li>${words.messages(sentIn(cases).length)}</li>${warnings > 0 && html`<li class="warn">${words.warnings(warnings)}</li>`}${mistakes > 0 && html`<li class="bad">${words.mistakes(mistakes)}</li>`}</ul>`;
}

function sectionHtml(integration: IntegrationPreview, index: number, language: Language): Html {
  const words = PAGE_WORDS[language];
  const { receiver, type, place, cases } = integration;
  const common = commonFindings(integration);
  return html`<section id="i${index}" aria-labelledby="h${index}">
<h2 id="h${index}">${receiver} <span class="type">${typeName(type, words)}</span>${place !== undefined && html` <span class="place">${place}</span>`}</h2>
${common.length > 0 && html`<div class="common">${noteHtml('warn', words.always, common)}</div>`}
<div class="cases">${cases.map((one) => caseHtml(one, common, language))}</div>
</section>
`;
}

function typeName(type: string, words: PageWords): string {
  // A foreign Alertmanager's file may hold any word: `constructor` is no type of ours.
  return Object.hasOwn(words.types, type) ? (words.types[type] ?? type) : type;
}

function caseHtml(one: CasePreview, common: readonly string[], language: Language): Html {
  const words = PAGE_WORDS[language];
  const { name, about } = words.cases[one.case];
  return html`<article>
<h3>${name} <span>${codeHtml(about)}</span></h3>
${
  'message' in one
    ? messageHtml(withoutCommon(one, common), language)
    : noteHtml(one.outcome === 'failed' ? 'bad' : 'quiet', words[one.outcome], [one.why])
}
</article>
`;
}

function notShownHtml(list: readonly NotShown[], words: PageWords): Html {
  return html`<h2>${words.notShown}</h2><ul>${list.map(({ receiver, type, index, why }) => html`<li>${receiver} ${type}[${index}]: ${why}</li>`)}</ul>`;
}
