import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, ReceiverIntegration } from '../model.ts';
import { at, entriesOf, itemsOf, textOf, type Tree } from '../yaml-tree.ts';

type Problem = Pick<Finding, 'where' | 'what' | 'why' | 'fix'>;

export const slackCalls: Lint = {
  code: 'LS-CHECK-029',
  title: 'no Slack message calls people whom nobody means',
  inspect: (model) =>
    model.alertmanagers.flatMap(({ receivers }) =>
      receivers.flatMap(({ name, integrations }) =>
        integrations
          .filter(({ type }) => type === 'slack')
          .flatMap((integration) => problemsOf(integration, model))
          .map((problem) => ({
            code: 'LS-CHECK-029' as const,
            severity: 'warning' as const,
            subject: name,
            ...problem,
          })),
      ),
    ),
};

function problemsOf({ tree }: ReceiverIntegration, { origin }: Inspected): Problem[] {
  const texts = textsIn(tree);
  return [
    ...texts.flatMap(writtenCalls),
    ...linkedNames(tree),
    // Elsewhere there is no template that escapes, and nearly everybody prints values as they are.
    ...(origin === 'stack' ? texts.flatMap(unescapedValues) : []),
  ];
}

interface Text {
  readonly key: string;
  readonly text: string;
  readonly tree: Tree;
}

/** What people read; URLs and the like are left out. */
const TEXT_KEYS = new Set(['title', 'text', 'pretext', 'fallback', 'footer', 'message_text', 'value']);

function textsIn(tree: Tree): Text[] {
  if (tree.kind === 'list') return itemsOf(tree).flatMap(textsIn);
  return entriesOf(tree).flatMap(([key, { value }]) => {
    if (value.kind !== 'scalar') return textsIn(value);
    const text = textOf(value);
    return text !== undefined && TEXT_KEYS.has(key) ? [{ key, text, tree: value }] : [];
  });
}

/** docs.slack.dev, "Formatting message text": mentions. */
const CALL = /<!(?:channel|here|everyone)\b|<!subteam\^|<@[UW][A-Z0-9]/;

function writtenCalls({ key, text, tree }: Text): Problem[] {
  const [call] = CALL.exec(text) ?? [];
  if (call === undefined) return [];
  return [
    {
      where: tree.where,
      what: `\`${key}\` calls people by ${call.replace(/[A-Z0-9]$/, '')}…> in every message`,
      why: 'also in the one that says that all is well again, at every repetition, and in tests',
      fix: 'leave it out, and let PagerDuty wake people; or: {{ if eq .Status "firing" }}…{{ end }}, and waive this',
    },
  ];
}

function linkedNames(tree: Tree): Problem[] {
  const value = at(tree, 'link_names');
  if (!value || textOf(value) !== 'true') return [];
  return [
    {
      where: value.where,
      what: 'Slack makes calls of names in the text (`link_names`)',
      why: '`@here` in a label or an annotation then calls everybody',
      fix: 'delete link_names',
    },
  ];
}

const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const ALERT_VALUE = /\.(?:Labels|Annotations|CommonLabels|CommonAnnotations|GroupLabels)\b/;
const PRINTS_NOTHING = /^(?:if|else|range|with|end|define|block|break|continue|len\b|\/\*|\$\w+\s*:?=)/;

function unescapedValues({ key, text, tree }: Text): Problem[] {
  const raw = [...text.matchAll(ACTION)]
    .map(([, action = '']) => action)
    .filter((action) => ALERT_VALUE.test(action) && !PRINTS_NOTHING.test(action))
    .find((action) => !/^template\s+"leitstand\.slack\.escaped"|reReplaceAll\s+["`]</.test(action));
  if (raw === undefined) return [];
  return [
    {
      where: tree.where,
      what: `\`${key}\` prints a value of alerts as it is: {{ ${raw} }}`,
      why: 'Alertmanager escapes nothing for Slack: `<!channel>` in a label or an annotation calls everybody',
      fix: `write {{ template "leitstand.slack.escaped" (${raw}) }}`,
    },
  ];
}
