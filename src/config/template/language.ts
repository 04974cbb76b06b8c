/** Go's own functions (text/template/funcs.go), which no Alertmanager lacks. */
export const BUILT_IN: ReadonlySet<string> = new Set(
  'and call html index slice js len not or print printf println urlquery eq ne lt le gt ge'.split(' '),
);

/** Alertmanager's own → first version that has it (template/template.go of 0.25.0 to 0.34.1; what is older is 0.25). */
export const FUNCTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '0.25': 'toUpper toLower title join match safeHtml reReplaceAll stringSlice',
    '0.26': 'trimSpace',
    '0.28': 'date tz since humanizeDuration',
    '0.30': 'safeUrl urlUnescape toJson',
    '0.32': 'list append dict',
    '0.33': 'now',
    '0.34': 'routeLabels toDate mustToDate base64encode base64decode',
  }).flatMap(([since, names]) => names.split(' ').map((name): [string, string] => [name, since])),
);

/** Words of Go's text/template that are no functions (text/template/parse/lex.go). */
export const KEYWORDS: ReadonlySet<string> = new Set(
  'if else end range with define block template break continue'.split(' '),
);
export const CONSTANTS: ReadonlySet<string> = new Set(['true', 'false', 'nil']);
