/** Of the band at the top; white text on each has a contrast of 5 to 1 at least. */
export const BAND = {
  critical: '#b42318',
  warning: '#8f5200',
  info: '#0b5cad',
  over: '#1a7f37',
  test: '#5b4bb7',
} as const;

const SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/**
 * In each element, since many mail programs drop the head. The classes beside them are for the few rules that need the
 * head: dark mode and narrow screens.
 */
export const INLINE = {
  body: 'margin:0;padding:0;background-color:#f4f5f7;-webkit-text-size-adjust:100%;',
  preview:
    'display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;color:#f4f5f7;',
  page: 'background-color:#f4f5f7;border-collapse:collapse;',
  card: 'width:100%;max-width:600px;background-color:#ffffff;border:1px solid #d1d9e0;border-collapse:collapse;',
  band: `padding:20px 24px;font-family:${SANS};color:#ffffff;`,
  kind: 'margin:0 0 4px;font-size:14px;line-height:20px;font-weight:700;letter-spacing:.04em;color:#ffffff;',
  name: 'margin:0;font-size:22px;line-height:28px;font-weight:700;color:#ffffff;overflow-wrap:anywhere;word-break:break-word;',
  when: 'margin:6px 0 0;font-size:14px;line-height:20px;color:#ffffff;overflow-wrap:anywhere;word-break:break-word;',
  note: `padding:12px 24px;background-color:#efecfb;font-family:${SANS};font-size:14px;line-height:20px;color:#1f2328;`,
  alert: `padding:18px 24px;border-bottom:1px solid #d1d9e0;font-family:${SANS};color:#1f2328;`,
  title:
    'margin:0 0 6px;font-size:16px;line-height:24px;font-weight:700;color:#1f2328;overflow-wrap:anywhere;word-break:break-word;',
  text: 'margin:0 0 8px;font-size:15px;line-height:22px;color:#1f2328;overflow-wrap:anywhere;word-break:break-word;',
  facts: `border-collapse:collapse;font-family:${SANS};font-size:14px;line-height:20px;`,
  fact: 'padding:2px 12px 2px 0;text-align:left;vertical-align:top;font-weight:400;color:#59636e;white-space:nowrap;',
  value: 'padding:2px 0;vertical-align:top;color:#1f2328;overflow-wrap:anywhere;word-break:break-word;',
  code: 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px;color:#1f2328;',
  links: 'margin:10px 0 0;font-size:14px;line-height:20px;',
  link: 'display:inline-block;padding:8px 14px;margin:4px 8px 4px 0;border:1px solid #d1d9e0;border-radius:6px;color:#0550ae;text-decoration:none;font-weight:600;',
  more: `padding:14px 24px;border-bottom:1px solid #d1d9e0;font-family:${SANS};font-size:15px;line-height:22px;font-weight:700;color:#1f2328;`,
  last: `padding:14px 24px 18px;font-family:${SANS};font-size:14px;line-height:20px;`,
  foot: `padding:14px 24px;font-family:${SANS};font-size:12px;line-height:18px;color:#59636e;`,
} as const;

/** `!important`, since what is written in the element is stronger otherwise. */
export const STYLE = [
  ':root{color-scheme:light dark;supported-color-schemes:light dark;}',
  '@media (prefers-color-scheme:dark){',
  '.page{background-color:#0d1117 !important;}',
  '.card{background-color:#161b22 !important;border-color:#3d444d !important;}',
  '.part{border-color:#3d444d !important;}',
  '.ink{color:#e6edf3 !important;}',
  '.soft{color:#9198a1 !important;}',
  '.note{background-color:#2a2450 !important;color:#e6edf3 !important;}',
  '.link{color:#79b8ff !important;border-color:#3d444d !important;}',
  '}',
  '@media (max-width:620px){',
  '.edge{padding-left:0 !important;padding-right:0 !important;padding-top:0 !important;}',
  '.pad{padding-left:16px !important;padding-right:16px !important;}',
  '.name{font-size:18px !important;line-height:24px !important;}',
  '.link{padding:11px 14px !important;}',
  '}',
].join('');
