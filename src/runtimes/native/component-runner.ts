import { LeitstandError } from '../../platform/errors.ts';
import { TaskQueue } from '../../platform/task-queue.ts';
import type { ComponentAction, ComponentStatus } from '../../stack/runtime.ts';
import { decideAction } from './actions.ts';
import { awaitReady } from './await-ready.ts';
import { describeComponent } from './component-status.ts';
import type { DesiredComponent } from './desired.ts';
import { cannotWrite, doesNotStart, reasonOf, refusesReload } from './failures.ts';
import { Health } from './health.ts';
import { describeExit } from './launch.ts';
import { lastLines } from './log-file.ts';
import { requireFreePorts } from './port-check.ts';
import { removeRecord, tryWriteRecord } from './process-record.ts';
import { probe, requestReload } from './readiness.ts';
import { isReloadOwed, ReloadRetry } from './reload-retry.ts';
import { RestartTimer } from './restart-timer.ts';
import { endOf, marksOf, type SupervisedProcess, startProcess } from './supervised-process.ts';
import type { Supervision } from './supervision.ts';
import { sweep, terminate } from './termination.ts';

/** Of a program that crashed, in the status. */
const SHOWN_LINES = 5;

export interface ConvergeOptions {
  /** Whether to wait until ready; a daemon that resumes does not. */
  readonly wait: boolean;
  readonly signal?: AbortSignal | undefined;
  onAction?(action: ComponentAction): void;
}

/**
 * One component: at most one process, whatever happens. What changes it is done one after the other; crashes are
 * answered with restarts at growing intervals for as long as the component is wanted.
 */
export class ComponentRunner {
  readonly component: string;
  readonly #supervision: Supervision;
  readonly #health: Health;
  readonly #reloadRetry: ReloadRetry;
  readonly #restart: RestartTimer;
  #wanted: DesiredComponent | undefined;
  #process: SupervisedProcess | undefined;
  /** The process that we end ourselves: its end is no crash. */
  #leaving: SupervisedProcess | undefined;
  readonly #queue = new TaskQueue();
  #restarts = 0;

  constructor(component: string, supervision: Supervision) {
    this.component = component;
    this.#supervision = supervision;
    this.#health = new Health(supervision);
    this.#reloadRetry = new ReloadRetry(supervision);
    this.#restart = new RestartTimer(supervision);
  }

  get wanted(): DesiredComponent | undefined {
    return this.#wanted;
  }

  get pid(): number | undefined {
    return this.#process?.identity.pid;
  }

  /** Takes over a process that a former daemon started, or the count of restarts of one that has died since. */
  adopt(
    wanted: DesiredComponent | undefined,
    process: SupervisedProcess | undefined,
    restarts: number,
  ): void {
    this.#wanted = wanted;
    this.#restarts = restarts;
    if (process) this.#take(process);
  }

  /** Asks once, so that a status right after a daemon's start knows something. */
  async look(): Promise<void> {
    if (this.#process) await this.#probe(this.#process);
  }

  plannedAction(wanted: DesiredComponent | undefined): ComponentAction {
    return decideAction(this.#process?.record, wanted);
  }

  /** Does what it takes and nothing more. Throws LS-RUNTIME errors; then it goes on trying by itself. */
  converge(wanted: DesiredComponent | undefined, options: ConvergeOptions): Promise<ComponentAction> {
    this.#restart.cancel();
    return this.#queue.run(async () => {
      this.#restart.cancel();
      await this.#noticeEnd();
      this.#restart.cancel();
      this.#wanted = wanted;
      const action = decideAction(this.#process?.record, wanted);
      options.onAction?.(action);
      if (!wanted) await this.#stop();
      else await this.#perform(action, wanted, options);
      if (wanted && options.wait) await this.#awaitReady(wanted, options.signal);
      return action;
    });
  }

  /** Ends the process and forgets it; writes nothing. */
  abandon(): Promise<void> {
    this.#restart.cancel();
    return this.#queue.run(async () => {
      this.#restart.cancel();
      this.#wanted = undefined;
      await this.#terminate();
    });
  }

  status(): Promise<ComponentStatus> {
    return describeComponent({
      component: this.component,
      restarts: this.#restarts,
      wanted: this.#wanted,
      process: this.#process,
      leaving: this.#process !== undefined && this.#leaving === this.#process,
      health: this.#health,
      retryInMs: this.#restart.inMs,
    });
  }

  async #perform(action: ComponentAction, wanted: DesiredComponent, options: ConvergeOptions): Promise<void> {
    if (action === 'none') {
      this.#health.note(undefined);
      this.#reloadRetry.reset();
    }
    if (action === 'none' || action === 'stop') return;
    if (action === 'reload') {
      if (options.wait) await this.#awaitReady(wanted, options.signal);
      return this.#reload(wanted);
    }
    if (action === 'restart') await this.#stop();
    if (options.wait) {
      this.#restarts = 0;
      this.#health.forgive();
    }
    try {
      await this.#start(wanted);
    } catch (error) {
      this.#startFailed(error);
      throw error;
    }
  }

  async #start(wanted: DesiredComponent): Promise<void> {
    const { clock, times, layout } = this.#supervision;
    await this.#sweep();
    await requireFreePorts(wanted, {
      clock,
      isOwn: (pid) => this.#supervision.isOwn(pid),
      patienceMs: times.grace,
    });
    const result = await startProcess(wanted, this.#restarts, this.#supervision).catch((error: unknown) => {
      throw cannotWrite(`${wanted.component} cannot be started`, error);
    });
    if (!result.started) {
      throw await doesNotStart({
        component: this.component,
        how: 'ended at once',
        logPath: layout.log(this.component),
        logOffset: result.logOffset,
      });
    }
    this.#take(result.process);
  }

  #take(process: SupervisedProcess): void {
    this.#process = process;
    this.#health.begin();
    process.child?.once('exit', (code, signal) => void this.#ended(process, describeExit(code, signal)));
    void this.#watch(process);
  }

  /** Keeps the readiness fresh, makes up for a lost reload, and notices the end. Ends with the process. */
  async #watch(process: SupervisedProcess): Promise<void> {
    const { clock, times, closing } = this.#supervision;
    let nextProbe = 0;
    while (this.#process === process && !closing.aborted) {
      const how = await endOf(process);
      // Also of a child: it may have ended before anybody listened for that.
      if (how !== undefined) return this.#ended(process, how);
      if (clock.monotonic() >= nextProbe) {
        await this.#probe(process);
        nextProbe = clock.monotonic() + this.#health.probeInterval();
      }
      this.#reloadIfOwed(process);
      const pause = Math.min(times.watchInterval, this.#health.probeInterval());
      await clock.sleep(pause, closing).catch(() => undefined);
    }
  }

  async #probe(process: SupervisedProcess): Promise<void> {
    if (!this.#wanted) return;
    const { closing } = this.#supervision;
    const result = await probe(this.#wanted.ready.url, closing).catch(() => undefined);
    if (result && this.#process === process && !closing.aborted) this.#health.record(result);
  }

  async #noticeEnd(): Promise<void> {
    const process = this.#process;
    const how = process && (await endOf(process));
    if (process && how !== undefined) await this.#ended(process, how);
  }

  async #ended(process: SupervisedProcess, how: string): Promise<void> {
    const { closing, layout } = this.#supervision;
    if (closing.aborted || this.#process !== process || this.#leaving === process) return;
    this.#process = undefined;
    // A record that stays names a dead process, and harms nobody.
    if (!this.#wanted) return removeRecord(layout, this.component).catch(() => undefined);
    this.#health.crashed(how);
    this.#scheduleRestart();
    this.#health.wrote(await lastLines(layout.log(this.component), SHOWN_LINES, process.record.logOffset));
  }

  #startFailed(error: unknown): void {
    this.#health.crashed(reasonOf(error));
    this.#health.wrote(
      error instanceof LeitstandError ? (error.details.detail ?? []).slice(-SHOWN_LINES) : [],
    );
    this.#scheduleRestart();
  }

  #scheduleRestart(): void {
    this.#restart.schedule(this.#health.crashes, (isDue) =>
      this.#queue.run(async () => {
        const wanted = this.#wanted;
        if (!isDue() || this.#process || !wanted) return;
        this.#restart.begun();
        this.#restarts += 1;
        await this.#start(wanted).catch((error: unknown) => this.#startFailed(error));
      }),
    );
  }

  async #stop(): Promise<void> {
    await this.#terminate();
    await this.#sweep();
    await removeRecord(this.#supervision.layout, this.component).catch((error: unknown) => {
      throw cannotWrite(`${this.component} is stopped, but its record cannot be removed`, error);
    });
  }

  async #terminate(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#leaving = process;
    try {
      await terminate(this.component, process.identity, this.#termination());
      this.#process = undefined;
    } finally {
      this.#leaving = undefined;
    }
  }

  /** Ends whatever carries our marker besides the process: a second start is thereby impossible. */
  async #sweep(): Promise<void> {
    const marks = marksOf(this.#supervision.scopes, this.component);
    await sweep(this.component, marks, this.#termination(), this.#process?.identity);
  }

  #termination() {
    return { clock: this.#supervision.clock, graceMs: this.#supervision.times.grace };
  }

  async #awaitReady(wanted: DesiredComponent, signal?: AbortSignal): Promise<void> {
    const process = this.#process;
    await awaitReady({ wanted, process, health: this.#health, supervision: this.#supervision, signal });
    if (this.#process === process) this.#health.record({ ready: true });
  }

  async #reload(wanted: DesiredComponent): Promise<void> {
    const process = this.#process;
    if (!process || wanted.reloadUrl === undefined) return;
    const answer = await requestReload(wanted.reloadUrl);
    if (answer !== undefined) {
      this.#reloadRetry.postpone();
      this.#health.note(`goes on with its former files: ${answer}`);
      throw refusesReload(this.component, answer);
    }
    this.#health.note(undefined);
    this.#reloadRetry.reset();
    process.record = { ...process.record, filesHash: wanted.filesHash };
    process.recordTrouble = await tryWriteRecord(this.#supervision.layout, this.component, process.record);
  }

  /** In the queue like every change; a failure is the status' reason and is tried again. */
  #reloadIfOwed(process: SupervisedProcess): void {
    const isOwed = () => this.#process === process && isReloadOwed(process.record, this.#wanted);
    if (!isOwed() || !this.#health.isReady() || !this.#reloadRetry.isDue()) return;
    this.#reloadRetry.postpone();
    void this.#queue.run(async () => {
      if (this.#wanted && isOwed()) await this.#reload(this.#wanted).catch(() => undefined);
    });
  }
}
