/** The page around the cards; `cardPage` has the colours. */
export const PAGE_STYLE = `
html { scroll-behavior: smooth; scroll-padding-top: 4rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--surface); padding: .5rem 1rem; z-index: 3; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 0; padding: 0; list-style: none; font-size: .875rem; }
.counts li { border-radius: 99px; padding: .15rem .75rem; background: var(--surface); border: 1px solid var(--line); }
.counts .bad { background: var(--bad-soft); color: var(--bad); border-color: transparent; font-weight: 600; }
.counts .warn { background: var(--warn-soft); color: var(--warn); border-color: transparent; }
nav { position: sticky; top: 0; z-index: 2; background: var(--page); border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: .25rem; max-width: 84rem; margin: 0 auto; padding: .5rem 1rem; list-style: none; overflow-x: auto; }
nav a { display: block; white-space: nowrap; padding: .35rem .6rem; border-radius: 99px; color: var(--text); text-decoration: none; font-size: .875rem; }
nav a:hover { background: var(--hover); }
nav a span { color: var(--muted); }
section { padding: 2rem 0 .5rem; }
h2 { margin: 0 0 1rem; font-size: 1.25rem; display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .6rem; }
h2 .type { font-size: .75rem; font-weight: 650; padding: .15rem .6rem; border-radius: 99px; background: var(--accent); color: var(--on-accent); }
h2 .place { color: var(--muted); font-weight: 400; font-size: 1rem; overflow-wrap: anywhere; }
.common { margin: 0 0 1.25rem; max-width: 52rem; }
.cases { columns: 25rem 3; column-gap: 1.5rem; }
article { break-inside: avoid; padding-bottom: 2rem; }
h3 { margin: 0 0 .5rem; font-size: .9375rem; }
h3 span { display: block; color: var(--muted); font-weight: 400; font-size: .8125rem; }
h3 code { font: .9em var(--mono); }
footer h2 { font-size: 1rem; color: var(--text); }
@media (max-width: 30rem) {
  nav ul { padding: .5rem .4rem; }
  .cases { columns: auto; }
}
@media print { nav { position: static; } .sent { display: none; } }
`;
