import { actionsIn, functionsIn } from './actions.ts';
import { FUNCTIONS } from './language.ts';

/** What not every Alertmanager's template language has, and the first version with it. */
interface Novelty {
  readonly setting: string;
  readonly since: string;
}

/** Came with Go 1.23, with which Alertmanager is built from this version on (.promu.yml of 0.27.0 and 0.28.0). */
const ELSE_WITH: Novelty = { setting: '{{ else with … }}', since: '0.28' };

export function noveltiesIn(text: string): readonly Novelty[] {
  const { actions } = actionsIn(text);
  const functions = functionsIn(actions).map((name) => ({
    setting: `{{ ${name} … }}`,
    since: FUNCTIONS.get(name) ?? '0.25',
  }));
  const hasElseWith = actions.some(({ tokens }) => {
    const [first, second] = tokens.filter(({ kind }) => kind !== 'space');
    return first?.kind === 'keyword' && first.text === 'else' && second?.text === 'with';
  });
  return hasElseWith ? [...functions, ELSE_WITH] : functions;
}
