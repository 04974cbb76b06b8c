import { dirname } from 'node:path';
import { isNobody } from '../../routing/nobody.ts';
import { alertsOf } from '../belonging.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { AlertmanagerFile, Inspected, Receiver, ReceiverIntegration } from '../model.ts';
import { allRoutes, receiverNamed } from '../routes.ts';
import { at, entriesOf, itemsOf, textOf, type Tree } from '../yaml-tree.ts';
import { pathsInContainer } from '../mounts.ts';

type Problem = Pick<Finding, 'severity' | 'where' | 'what' | 'why' | 'fix'>;

export const undeliverable: Lint = {
  code: 'LS-CHECK-005',
  title: 'every receiver can deliver',
  inspect: (model) =>
    model.alertmanagers.flatMap((alertmanager) => [
      ...wrongRoutes(model, alertmanager),
      ...alertmanager.receivers.flatMap((receiver) =>
        receiver.integrations.flatMap((integration) =>
          integrationProblems(model, alertmanager, integration).map((problem) => ({
            code: 'LS-CHECK-005' as const,
            subject: receiver.name,
            ...problem,
          })),
        ),
      ),
      ...globalProblems(alertmanager),
      ...missingTemplates(model, alertmanager),
    ]),
};

function wrongRoutes(model: Inspected, alertmanager: AlertmanagerFile): Finding[] {
  const routes = allRoutes(alertmanager.route);
  const seen = new Set<string>();
  return routes.flatMap(({ route, receiver: name }, index) => {
    if (name === undefined || seen.has(name)) return [];
    seen.add(name);
    const receiver = receiverNamed(alertmanager, name);
    const isRoot = index === 0;
    if (receiver === undefined) return [unknownReceiver(name, route.receiverWhere)];
    // What falls to an empty default receiver is told severity by severity, where the rules are known.
    const isToldElsewhere = isRoot && alertsOf(model, alertmanager).length > 0;
    if (receiver.integrations.length > 0 || isToldElsewhere || (isNobody(name) && !isRoot)) return [];
    return [emptyReceiver(receiver, isRoot)];
  });
}

function unknownReceiver(name: string, where: Finding['where']): Finding {
  return {
    code: 'LS-CHECK-005',
    severity: 'error',
    subject: name,
    where,
    what: `a route goes to ${name}, and there is no such receiver`,
    why: 'Alertmanager refuses the file',
    fix: 'define the receiver, or correct the name',
  };
}

function emptyReceiver({ name, where }: Receiver, isRoot: boolean): Finding {
  return {
    code: 'LS-CHECK-005',
    severity: 'error',
    subject: name,
    where,
    what: `${isRoot ? 'the default receiver' : 'receiver'} ${name} has no integrations`,
    why: 'alerts that are routed to it are told to nobody',
    fix: 'give it an integration; for alerts that nobody shall get, call it `null`',
  };
}

/** Fields that say where to and with which key; texts may hold whatever they like. */
const ADDRESS_FIELD =
  /(?:^|_)(?:url|key|token|password|secret|smarthost|to|from|username|identity|user_id|chat_id|room_id|hostname)$/;
/** Directly in an integration (Slack, Discord, Mattermost) it is the name shown above a message; logins lie deeper. */
const SHOWN_NAME = 'username';

function integrationProblems(
  model: Inspected,
  alertmanager: AlertmanagerFile,
  integration: ReceiverIntegration,
): Problem[] {
  return [
    ...missingKeys(integration, alertmanager.global),
    ...fieldProblems(integration.tree, SHOWN_NAME),
    ...missingSecretFiles(model, alertmanager, integration.tree),
  ];
}

function globalProblems({ global }: AlertmanagerFile): Finding[] {
  return fieldProblems(global).map((problem) => ({ code: 'LS-CHECK-005', subject: 'global', ...problem }));
}

function fieldProblems(tree: Tree | undefined, besides?: string): Problem[] {
  return entriesOf(tree).flatMap(([key, { value }]) => {
    if (key === besides) return [];
    if (value.kind === 'mapping' && key !== 'headers' && key !== 'details') return fieldProblems(value);
    const text = textOf(value);
    if (value.kind !== 'scalar' || !ADDRESS_FIELD.test(key)) return [];
    const problem = text === undefined || text.trim() === '' ? EMPTY : wrongAddress(key, text);
    return problem === undefined
      ? []
      : [{ severity: 'error' as const, where: value.where, ...problem, what: `${key} ${problem.what}` }];
  });
}

const EMPTY = {
  what: 'is empty',
  why: 'there is nowhere to send to, or nothing to sign in with',
  fix: 'fill it in, or read it from a file with the field of the same name and `_file`',
};

const PLACEHOLDER =
  /\bYOUR\b|YOUR[-_/]|[-_/]HERE\b|\bCHANGE[-_ ]?ME\b|\bREPLACE[-_ ]?(?:ME|THIS|WITH)?\b|\bTODO\b|\bFIXME\b|<[A-Za-z][\w -]*>|\bX{4,}\b|\bx{6,}\b|\bPLACEHOLDER\b|\bdummy\b|\bEXAMPLE[-_]?(?:KEY|TOKEN)?\b/;
/** Reserved for examples (RFC 2606, RFC 6761). */
const EXAMPLE_DOMAIN =
  /(?:^|[@/.])(?:[\w-]+\.)*(?:example\.(?:com|net|org)|[\w-]+\.(?:example|invalid))(?:$|[:/,>\s])/i;

/** What the APIs of Prometheus and Alertmanager show in place of a secret. */
const MASK = '<secret>';

function wrongAddress(key: string, text: string): Pick<Problem, 'what' | 'why' | 'fix'> | undefined {
  if (text === MASK) return undefined;
  if (/\$\{[A-Za-z_]\w*\}|^\$[A-Z_]+$/.test(text))
    return {
      what: 'holds a variable that nobody replaces',
      why: 'Alertmanager expands no environment variables: it sends the text as it stands',
      fix: `put the value into a file and name it with ${key.replace(/_file$/, '')}_file, or render the file from a template`,
    };
  if (PLACEHOLDER.test(text.replaceAll(/\{\{.*?\}\}/g, '')))
    return {
      what: 'is still a placeholder',
      why: 'what it stands for was never filled in',
      fix: 'put in the real value, then prove it: leitstand alert test',
    };
  if (!key.endsWith('from') && EXAMPLE_DOMAIN.test(text))
    return {
      what: 'points to a domain that is reserved for examples',
      why: 'nobody receives anything there',
      fix: 'put in the real address, then prove it: leitstand alert test',
    };
  if (/hooks\.slack\.com/.test(text) && !/\/(?:services|workflows|triggers)\/[^/\s]+\/[^/\s]+/.test(text))
    return {
      what: 'is no complete Slack webhook',
      why: 'one looks like https://hooks.slack.com/services/T…/B…/…',
      fix: 'copy the webhook URL from the Slack app as a whole',
    };
  return undefined;
}

/** Integration → keys of which one must be there, in it or in `global`. */
const NEEDS: Readonly<
  Record<
    string,
    { readonly own: readonly string[]; readonly global: readonly string[]; readonly what: string }
  >
> = {
  slack: {
    own: ['api_url', 'api_url_file', 'app_token', 'app_token_file', 'http_config'],
    global: ['slack_api_url', 'slack_api_url_file', 'slack_app_token', 'slack_app_token_file'],
    what: 'has no api_url',
  },
  email: { own: ['smarthost'], global: ['smtp_smarthost'], what: 'has no mail server (smarthost)' },
  webhook: { own: ['url', 'url_file'], global: [], what: 'has no url' },
  pagerduty: {
    own: ['routing_key', 'routing_key_file', 'service_key', 'service_key_file'],
    global: [],
    what: 'has no routing_key',
  },
  opsgenie: {
    own: ['api_key', 'api_key_file'],
    global: ['opsgenie_api_key', 'opsgenie_api_key_file'],
    what: 'has no api_key',
  },
  telegram: {
    own: ['bot_token', 'bot_token_file'],
    global: ['telegram_bot_token', 'telegram_bot_token_file'],
    what: 'has no bot_token',
  },
};

function missingKeys({ type, tree, where }: ReceiverIntegration, global: Tree | undefined): Problem[] {
  const need = NEEDS[type];
  const has = (from: Tree | undefined, keys: readonly string[]) =>
    keys.some((key) => at(from, key) !== undefined);
  if (need === undefined || has(tree, need.own) || has(global, need.global)) return [];
  const [key = ''] = need.own;
  const fix =
    need.global.length === 0
      ? `add ${key}`
      : `add ${key}, or ${need.global[0] ?? ''} under \`global\` for all`;
  return [
    { severity: 'error', where, what: `${type} ${need.what}`, why: 'there is nowhere to send to', fix },
  ];
}

function missingSecretFiles(model: Inspected, alertmanager: AlertmanagerFile, tree: Tree): Problem[] {
  if (model.origin === 'stack') return [];
  return entriesOf(tree).flatMap(([key, { value }]) => {
    if (value.kind === 'mapping') return missingSecretFiles(model, alertmanager, value);
    const path = textOf(value);
    if (!key.endsWith('_file') || path === undefined) return [];
    const places = pathsInContainer(model, 'alertmanager', path, dirname(alertmanager.file));
    if (places.length === 0 || places.some((place) => model.fileExists(place) !== false)) return [];
    return [
      {
        severity: 'error',
        where: value.where,
        what: `${key} names a file that is not there`,
        why: `looked for as ${places.join(', ')}; Alertmanager reads it when it sends, and starts without it`,
        fix: 'write the file, readable for the user that Alertmanager runs as, and mount it',
      },
    ];
  });
}

function missingTemplates(model: Inspected, alertmanager: AlertmanagerFile): Finding[] {
  return alertmanager.templates.flatMap(({ pattern, where }) => {
    const places = pathsInContainer(model, 'alertmanager', pattern, dirname(alertmanager.file));
    if (places.length === 0 || places.some((place) => model.fileExists(place) !== false)) return [];
    return [
      {
        code: 'LS-CHECK-005',
        severity: 'warning',
        subject: pattern,
        where,
        what: `the template pattern ${pattern} matches no file`,
        why: 'Alertmanager starts all the same; a message that uses such a template fails when it is sent',
        fix: 'correct the path (it counts from the configuration file), or delete the line',
      },
    ];
  });
}

/** Also used where only the presence of an address matters. */
export function addressesOf(integration: ReceiverIntegration): readonly (readonly [string, Tree])[] {
  return flatFields(integration.tree).filter(([key]) => ADDRESS_FIELD.test(key));
}

function flatFields(tree: Tree): (readonly [string, Tree])[] {
  if (tree.kind === 'list') return itemsOf(tree).flatMap(flatFields);
  return entriesOf(tree).flatMap(([key, { value }]) =>
    value.kind === 'scalar' ? [[key, value] as const] : flatFields(value),
  );
}
