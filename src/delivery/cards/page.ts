import { type Html, html } from '../../platform/html.ts';
import type { Language } from '../../stack/language.ts';
import { CARD_STYLE } from './card-style.ts';

export interface Page {
  readonly title: string;
  readonly language: Language;
  /** CSS of the page itself, ours alone; the colours and the cards' own are there already. */
  readonly style: string;
  readonly body: Html;
}

/**
 * Nothing is loaded and nothing runs, whatever a message holds; the frames of mails inherit it. Styles may stand in the
 * page, since those of a mail do.
 */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A page that shows cards: one file, complete in itself. */
export function cardPage({ title, language, style, body }: Page): string {
  const head = html`<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title}</title>`;
  return `<!doctype html>
<html lang="${language}">
<head>
${head.toString()}
<style>${BASE_STYLE}${CARD_STYLE}${style}</style>
</head>
<body>
${body.toString()}
</body>
</html>
`;
}

/** No font, image or script comes from elsewhere. */
const BASE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --surface: #fff; --phone: #e9ecf0; --text: #1c2128; --muted: #59636e; --line: #e1e4e8; --line-strong: #c4cad1;
  --code: #f1f3f5; --hover: #f4f5f7; --link: #0b5cad; --accent: #33475b; --on-accent: #fff;
  --good: #1a6b3c; --good-soft: #e3f4e9; --warn: #855300; --warn-soft: #fff2d6; --bad: #b3261e; --bad-soft: #fdeae8;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --surface: #181d24; --phone: #222932; --text: #e3e7ec; --muted: #9aa5b1; --line: #2a313a; --line-strong: #434c57;
    --code: #10151b; --hover: #222932; --link: #82b8f5; --accent: #3f5871; --on-accent: #fff;
    --good: #7fd49d; --good-soft: #15301f; --warn: #f0c066; --warn-soft: #33270d; --bad: #ff9d94; --bad-soft: #3a1917;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
a:focus-visible, summary:focus-visible, pre:focus-visible, iframe:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
header, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; padding-bottom: 1.25rem; }
footer { padding-bottom: 4rem; color: var(--muted); font-size: .875rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; }
h1 span { color: var(--muted); font-weight: 400; }
header p { margin: .6rem 0 0; color: var(--muted); max-width: 46rem; }
@media (max-width: 30rem) {
  header, main, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.5rem; }
}
`;
