/** For `messageHtml`; the page around it sets the colours that are named here, for light and dark. */
export const CARD_STYLE = `
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.card p, .card dl, .card dd { margin: 0; }
.card a { color: var(--link); }
.card pre { margin: 0; max-height: 22rem; overflow: auto; font: .8125rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.card dd, .card dt, .chat-text, .chat-title, .incident-summary, .phone-note { overflow-wrap: anywhere; unicode-bidi: isolate; }
.card code { font: .85em var(--mono); background: var(--code); border-radius: 4px; padding: .1em .3em; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .75rem !important; }
.card a.button, .dead.button { display: inline-block; padding: .3rem .7rem; border: 1px solid var(--line-strong); border-radius: 8px; color: var(--text); font-size: .8125rem; font-weight: 600; text-decoration: none; background: var(--surface); }
.card a.button:hover { background: var(--hover); }
.dead.button { color: var(--muted); border-style: dashed; }

.chat { padding: .9rem 1rem 1rem; }
.chat-author { display: flex; align-items: center; gap: .5rem; margin-bottom: .6rem !important; }
.avatar { display: grid; place-items: center; width: 1.9rem; height: 1.9rem; border-radius: 8px; background: var(--accent); color: var(--on-accent); font-weight: 700; }
.attachment { display: flex; gap: .75rem; }
.bar { flex: none; width: 4px; height: auto; align-self: stretch; border-radius: 2px; }
.attachment-body { min-width: 0; flex: 1; }
.chat-title a { text-decoration: none; }
.chat-title a:hover { text-decoration: underline; }
.chat-title { font-weight: 700; margin-bottom: .35rem !important; white-space: pre-wrap; }
.chat-text { white-space: pre-wrap; max-height: 24rem; overflow: auto; }
.chat-text q { quotes: none; border-left: 3px solid var(--line-strong); padding-left: .5rem; }
.chat mark, .phone mark { background: var(--warn-soft); color: var(--warn); border-radius: 4px; padding: 0 .2em; }
.chat-fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem 1rem; margin-top: .75rem !important; }
.chat-fields dt { font-weight: 700; font-size: .8125rem; }
.chat-footer { color: var(--muted); font-size: .8125rem; margin-top: .6rem !important; }

.mail-head { padding: .9rem 1rem; border-bottom: 1px solid var(--line); display: grid; gap: .25rem; }
.mail-head div { display: grid; grid-template-columns: 4.5rem 1fr; gap: .5rem; font-size: .875rem; }
.mail-head dt { color: var(--muted); }
.mail-head .mail-subject { font-size: 1rem; font-weight: 650; margin-bottom: .25rem; }
.mail-subject dt { font-weight: 400; font-size: .875rem; line-height: 1.7; }
.mail iframe { display: block; width: 100%; height: 26rem; border: 0; background: #fff; resize: vertical; }
.mail-text { border-top: 1px solid var(--line); }
.mail-text summary { padding: .6rem 1rem; cursor: pointer; font-size: .8125rem; color: var(--muted); }
.mail-text pre { padding: 0 1rem .9rem; }
.mail-none { padding: .6rem 1rem; color: var(--muted); font-size: .8125rem; }

.incident { padding: 1rem; }
.incident-state { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.state, .severity { font-size: .75rem; font-weight: 700; border-radius: 99px; padding: .15rem .6rem; border: 1px solid transparent; }
.state-on { background: var(--bad-soft); color: var(--bad); }
.state-over { background: var(--good-soft); color: var(--good); }
.severity { border-color: var(--line-strong); color: var(--muted); text-transform: uppercase; letter-spacing: .03em; }
.severity-critical, .severity-error { color: var(--bad); border-color: currentColor; }
.severity-warning { color: var(--warn); border-color: currentColor; }
.incident-summary { font-size: 1.0625rem; font-weight: 650; line-height: 1.4; margin: .6rem 0 .75rem !important; }
.incident-details { color: var(--muted); font-size: .8125rem; margin: .9rem 0 .25rem !important; }
.facts { display: grid; gap: .2rem; font-size: .875rem; }
.facts div { display: grid; grid-template-columns: minmax(5.5rem, 8rem) 1fr; gap: .75rem; padding: .2rem 0; border-top: 1px solid var(--line); }
.facts dt { color: var(--muted); }
.facts dd { white-space: pre-wrap; max-height: 14rem; overflow: auto; }

.data { padding: 1rem; }
.data-title { font-weight: 700; margin-bottom: .5rem !important; }
.data pre { margin-top: .75rem; padding: .75rem; background: var(--code); border-radius: 8px; max-height: 18rem; }

.phone { margin-top: .6rem; padding: .6rem .9rem .7rem; border-radius: 14px; background: var(--phone); }
.phone p { margin: 0; }
.phone-label { font-size: .75rem; color: var(--muted); }
.phone-note { font-size: .875rem; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow: hidden; white-space: pre-line; }
.phone-note span + span { display: block; color: var(--muted); }

.note { margin: .6rem 0 0; padding: .55rem .9rem; border-radius: 10px; font-size: .875rem; overflow-wrap: anywhere; }
.note b { display: block; font-size: .8125rem; }
.note ul { margin: 0; padding-left: 1.1rem; }
.note code { font: .9em var(--mono); }
.note.bad { background: var(--bad-soft); color: var(--bad); }
.note.warn { background: var(--warn-soft); color: var(--warn); }
.note.quiet { background: var(--surface); border: 1px dashed var(--line-strong); color: var(--muted); }
.sent { margin-top: .6rem; font-size: .8125rem; }
.sent summary { cursor: pointer; color: var(--muted); }
.sent pre { max-height: 24rem; overflow: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: .75rem; font: .75rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { .bar { filter: brightness(1.5); } }
@media (max-width: 30rem) {
  .facts div { grid-template-columns: 6.5rem 1fr; gap: .5rem; }
  .mail-head div { grid-template-columns: 1fr; gap: 0; }
}
`;
