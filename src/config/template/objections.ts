import { nearest } from '../../platform/nearest.ts';
import { describeType, type Objection, quote } from '../objections.ts';
import { type Action, actionsIn, functionsIn } from './actions.ts';
import { TemplateBlocks } from './blocks.ts';
import { FUNCTIONS } from './language.ts';

/**
 * Of a text in Alertmanager's template language: one that it cannot read. Alertmanager takes every text for good and fails
 * at each message; from 0.32 on it sends Slack a message without it. Not checked: names of fields and of templates.
 */
export function objectToTemplate(
  input: unknown,
  { mayBeEmpty = true }: { readonly mayBeEmpty?: boolean } = {},
): Objection | undefined {
  if (typeof input !== 'string') return { problem: `must be text, not ${describeType(input)}` };
  if (input === '' && !mayBeEmpty) return { problem: 'is empty', fix: 'write a text, or delete the line' };
  const { actions, objection } = actionsIn(input);
  const blocks = new TemplateBlocks();
  for (const action of actions) {
    const fault = blocks.take(action);
    if (fault) return fault;
  }
  return objection ?? blocks.end() ?? objectToFunctions(actions);
}

function objectToFunctions(actions: readonly Action[]): Objection | undefined {
  const unknown = functionsIn(actions).find((name) => !FUNCTIONS.has(name));
  if (unknown === undefined) return undefined;
  const meant = nearest(unknown, FUNCTIONS.keys());
  return {
    problem: `calls ${quote(unknown)}, which Alertmanager's template language does not have`,
    fix:
      meant === undefined
        ? `functions are: ${[...FUNCTIONS.keys()].join(', ')}`
        : `did you mean \`${meant}\`?`,
  };
}
