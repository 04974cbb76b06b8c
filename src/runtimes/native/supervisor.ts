import { rm } from 'node:fs/promises';
import type { Clock } from '../../platform/clock.ts';
import type { ComponentAction, ComponentActions, ComponentStatus } from '../../stack/runtime.ts';
import { findRunning } from './adoption.ts';
import { ComponentRunner } from './component-runner.ts';
import {
  type DesiredComponent,
  type DesiredState,
  emptyState,
  readDesired,
  writeDesired,
} from './desired.ts';
import { cannotWrite, throwFailures } from './failures.ts';
import { makeLayout, type NativeLayout, stackScopes } from './layout.ts';
import { requireFreePorts } from './port-check.ts';
import { currentBoot } from './process-record.ts';
import type { ApplyEvent } from './protocol.ts';
import { otherStack } from './stack-name.ts';
import { DEFAULT_TIMES, type Supervision, type SupervisionTimes } from './supervision.ts';

export interface SupervisorOptions {
  readonly layout: NativeLayout;
  readonly clock: Clock;
  /** Aborted when the daemon ends; the programs live on. */
  readonly closing: AbortSignal;
  readonly times?: Partial<SupervisionTimes>;
}

export interface ApplyOptions {
  readonly onEvent: (event: ApplyEvent) => void;
  /** Ends the waiting, not the change. */
  readonly signal?: AbortSignal | undefined;
  /** What changes together with the components, once the state is accepted; its failure counts as theirs. */
  readonly alongside?: () => Promise<void>;
}

/** Keeps the processes of a stack as its desired state says. Its caller holds the stack's daemon lock. */
export class Supervisor {
  readonly #supervision: Supervision;
  readonly #runners: Map<string, ComponentRunner>;
  #desired: DesiredState | undefined;
  #resuming: Promise<unknown> = Promise.resolve();

  private constructor(
    supervision: Supervision,
    runners: Map<string, ComponentRunner>,
    desired: DesiredState | undefined,
  ) {
    this.#supervision = supervision;
    this.#runners = runners;
    this.#desired = desired;
  }

  /**
   * Reads what was wanted and takes over what runs; changes nothing yet, except that it ends the second process of
   * a component. Throws LS-RUNTIME-008.
   */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const { layout, clock, closing } = options;
    await makeLayout(layout);
    const desired = await readDesired(layout);
    const runners = new Map<string, ComponentRunner>();
    const supervision: Supervision = {
      layout,
      clock,
      closing,
      scopes: await stackScopes(layout.stateDir),
      bootId: await currentBoot(),
      times: { ...DEFAULT_TIMES, ...options.times },
      isOwn: (pid) => [...runners.values()].some((runner) => runner.pid === pid),
    };
    const supervisor = new Supervisor(supervision, runners, desired);
    for (const found of await findRunning(desired, supervision)) {
      const wanted = desired?.components.find((one) => one.component === found.component);
      if (!wanted && !found.process) continue;
      supervisor.#runner(found.component).adopt(wanted, found.process, found.restarts);
    }
    await Promise.all([...runners.values()].map((runner) => runner.look()));
    return supervisor;
  }

  get desired(): DesiredState | undefined {
    return this.#desired;
  }

  /**
   * Goes on where a former daemon ended. Without a desired state nothing is touched: what runs is shown as not
   * wanted. A component that fails says so in its status and is tried again.
   */
  resume(): Promise<void> {
    const desired = this.#desired;
    if (!desired) return Promise.resolve();
    const run = Promise.allSettled(
      this.#pairs(desired).map(([runner, wanted]) => runner.converge(wanted, { wait: false })),
    ).then(() => this.#forgetStopped());
    this.#resuming = run;
    return run;
  }

  /**
   * Takes every component to its desired state, all at once, and waits until each is ready. A port held by somebody
   * else, or another stack's name, refuses the whole before anything is touched. From then on the state is kept to, also after an error.
   */
  async apply(desired: DesiredState, options: ApplyOptions): Promise<ComponentActions> {
    await this.#resuming;
    const { layout } = this.#supervision;
    const refusal = otherStack(layout, this.#desired, this.#running().length > 0, desired.stack);
    if (refusal) throw refusal;
    await this.#refuseForeignPorts(desired);
    options.signal?.throwIfAborted();
    await writeDesired(layout, desired).catch((error: unknown) => {
      throw cannotWrite('nothing was changed', error);
    });
    this.#desired = desired;
    const actions: Record<string, ComponentAction> = {};
    const outcomes = await Promise.allSettled([
      options.alongside?.(),
      ...this.#pairs(desired).map(async ([runner, wanted]) => {
        actions[runner.component] = await this.#converge(runner, wanted, options);
      }),
    ]);
    this.#forgetStopped();
    throwFailures(outcomes);
    return actions;
  }

  /** In the order of the desired state; what runs without being wanted comes last. */
  async status(): Promise<ComponentStatus[]> {
    const order = this.#desired?.components.map((wanted) => wanted.component) ?? [];
    const known = [...this.#runners.keys()];
    const names = [...new Set([...order.filter((name) => known.includes(name)), ...known])];
    const runners = names.flatMap((name) => this.#runners.get(name) ?? []);
    return Promise.all(runners.map((runner) => runner.status()));
  }

  /**
   * Ends everything; data and logs stay. From then on nothing is wanted, also for a later daemon. Returns the
   * components that were running. What cannot be recorded hinders no stop: LS-RUNTIME-010 comes after it.
   */
  async stop(): Promise<string[]> {
    await this.#resuming;
    const running = this.#running().map((runner) => runner.component);
    const empty = emptyState(this.#desired?.stack ?? '');
    this.#desired = empty;
    // First, so that a daemon that replaces this one in the middle starts nothing again.
    const recorded = await Promise.allSettled([this.#recordNothing(empty)]);
    const stopped = await Promise.allSettled(
      [...this.#runners.values()].map((runner) => runner.converge(undefined, { wait: false })),
    );
    this.#forgetStopped();
    throwFailures([...recorded, ...stopped]);
    return running.sort();
  }

  /** Ends the programs of a state directory that is no more, by their identities; no file is written. */
  async abandon(): Promise<void> {
    await this.#resuming;
    await Promise.allSettled([...this.#runners.values()].map((runner) => runner.abandon()));
  }

  /** On a full disk the record of what was wanted is removed, which needs no room. */
  async #recordNothing(empty: DesiredState): Promise<void> {
    const { layout } = this.#supervision;
    try {
      await writeDesired(layout, empty);
    } catch (error) {
      await rm(layout.desired, { force: true }).catch(() => {
        throw cannotWrite('the programs were told to end, but the next daemon would start them again', error);
      });
    }
  }

  #running(): ComponentRunner[] {
    return [...this.#runners.values()].filter((runner) => runner.pid !== undefined);
  }

  async #converge(
    runner: ComponentRunner,
    wanted: DesiredComponent | undefined,
    { onEvent, signal }: ApplyOptions,
  ): Promise<ComponentAction> {
    const { clock } = this.#supervision;
    const begun = clock.monotonic();
    let action = runner.plannedAction(wanted);
    const tell = (phase: ApplyEvent['phase']) =>
      onEvent({
        type: 'component',
        component: runner.component,
        action,
        phase,
        elapsedMs: Math.round(clock.monotonic() - begun),
      });
    try {
      await runner.converge(wanted, {
        wait: true,
        signal,
        onAction: (decided) => {
          action = decided;
          tell('begin');
        },
      });
      tell('done');
      return action;
    } catch (error) {
      tell('failed');
      throw error;
    }
  }

  async #refuseForeignPorts(desired: DesiredState): Promise<void> {
    const { clock, isOwn } = this.#supervision;
    const outcomes = await Promise.allSettled(
      desired.components.map(async (wanted) => {
        const planned = this.#runners.get(wanted.component)?.plannedAction(wanted) ?? 'start';
        if (planned === 'start' || planned === 'restart') await requireFreePorts(wanted, { clock, isOwn });
      }),
    );
    throwFailures(outcomes);
  }

  #pairs(desired: DesiredState): [ComponentRunner, DesiredComponent | undefined][] {
    const wanted = new Map(desired.components.map((one) => [one.component, one]));
    const names = new Set([...wanted.keys(), ...this.#runners.keys()]);
    return [...names].map((name) => [this.#runner(name), wanted.get(name)]);
  }

  #runner(component: string): ComponentRunner {
    const known = this.#runners.get(component);
    if (known) return known;
    const runner = new ComponentRunner(component, this.#supervision);
    this.#runners.set(component, runner);
    return runner;
  }

  #forgetStopped(): void {
    for (const [component, runner] of this.#runners) {
      if (!runner.wanted && runner.pid === undefined) this.#runners.delete(component);
    }
  }
}
