import { createHash } from 'node:crypto';
import { html } from '../../platform/html.ts';
import type { Language } from '../../stack/language.ts';
import { SEEN_TEXTS, type SeenView } from './texts.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1.125rem/1.5 system-ui, sans-serif; margin: 0; display: grid; min-height: 100vh; place-items: center; }
main { max-width: 30rem; padding: 1.5rem; text-align: center; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
p { margin: 0 0 2rem; }
button { font: inherit; font-weight: 600; padding: 0.9rem 2rem; border: 0; border-radius: 0.5rem; background: #0a6b3d; color: #fff; cursor: pointer; }
button:hover { background: #085731; }
button:focus-visible { outline: 3px solid #e8a317; outline-offset: 3px; }
`;

/**
 * For every answer: nothing is loaded from anywhere, no script runs, nobody may frame it, and the link, which is a
 * secret, is handed on to nobody.
 */
export const SEEN_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** The button posts to the address of the page itself, whatever path a proxy put before it. */
export function seenPage(view: SeenView, language: Language): string {
  const { title, text, button } = SEEN_TEXTS[language][view];
  const head = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
`;
  const body = html`</head>
<body>
<main>
<h1>${title}</h1>
<p>${text}</p>
${button !== undefined && html`<form method="post"><button type="submit">${button}</button></form>`}
</main>
</body>
</html>
`;
  return `${head.toString()}<style>${STYLE}</style>\n${body.toString()}`;
}
