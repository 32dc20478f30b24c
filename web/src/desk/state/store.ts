/**
 * One draft on the desk: loads it, sends commands one after another, follows what others do. Whatever comes, the plan on the desk
 * is a state that the server had.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import { ApiError } from '../../api/client';
import type { DeskApi, PlanRef, Sending } from '../api/requests';
import type { Answer, Command, LogLine, LonLat, Replayed } from '../api/types';
import { applyChanged, type Laid, layOut, withSummary } from '../model/laid';

/** A command that was not done, and why. */
export interface Refusal {
  /** Word of the contract, or the error's code where the server did not refuse but could not. */
  reason: string;
  /** The server's own sentence, in English. */
  detail: string;
  at: LonLat | null;
  codes: string[];
  /** What others did in the meantime, for a stale revision. */
  since: LogLine[];
  /** Sends the same request again, where that may help. */
  again: (() => void) | null;
}

/** How long a command took, in milliseconds from when it was given. */
export interface Timing {
  op: string;
  /** `performance.now()` when it was given. */
  sent_ms: number;
  answered_ms: number;
  /** What it changed was on the screen. */
  drawn_ms: number | null;
  /** The map's tiles were cut anew. */
  settled_ms: number | null;
}

export type Done = Answer | Replayed;

type Phase = 'loading' | 'ready' | 'failed';

/** Timings kept for whoever asks. */
const TIMINGS = 200;

export class DeskStore {
  private readonly _laid = signal<Laid | null>(null);
  private readonly _phase = signal<Phase>('loading');
  private readonly _error = signal<ApiError | null>(null);
  private readonly _waiting = signal(0);
  private readonly _refusal = signal<Refusal | null>(null);
  private readonly _answered = signal<Done | null>(null);
  private readonly abort = new AbortController();
  private queue: Promise<unknown> = Promise.resolve();
  /** Something changed since the server was asked last. */
  private behind = false;
  private catching = false;
  readonly timings: Timing[] = [];

  constructor(
    readonly at: PlanRef,
    private readonly api: DeskApi,
    /** By whom commands are given, and why. */
    private readonly words: () => Pick<Sending, 'who' | 'why'>,
    private readonly newKey: () => string = () => crypto.randomUUID(),
  ) {}

  get laid(): ReadonlySignal<Laid | null> {
    return this._laid;
  }
  get phase(): ReadonlySignal<Phase> {
    return this._phase;
  }
  get error(): ReadonlySignal<ApiError | null> {
    return this._error;
  }
  /** Commands under way. */
  get waiting(): ReadonlySignal<number> {
    return this._waiting;
  }
  get refusal(): ReadonlySignal<Refusal | null> {
    return this._refusal;
  }
  /** To the last command that was done. */
  get answered(): ReadonlySignal<Done | null> {
    return this._answered;
  }

  async load() {
    this._phase.value = this._laid.peek() ? 'ready' : 'loading';
    try {
      const desk = await this.api.desk(this.at, this.abort.signal);
      const laid = layOut(desk);
      // A command may have been answered while the desk was under way.
      if (laid.revision >= (this._laid.peek()?.revision ?? -1)) this._laid.value = laid;
      this._error.value = null;
      this._phase.value = 'ready';
    } catch (cause) {
      if (this.abort.signal.aborted) return;
      this._error.value = asApiError(cause);
      if (!this._laid.peek()) this._phase.value = 'failed';
    }
  }

  /** Nothing more is wanted of this draft. */
  close() {
    this.abort.abort();
  }

  run(command: Command): Promise<Done | null> {
    return this.send(command.op, (sending) => this.api.run(this.at, command, sending));
  }

  undo(): Promise<Done | null> {
    return this.send('undo', (sending) => this.api.step(this.at, 'undo', sending));
  }

  redo(): Promise<Done | null> {
    return this.send('redo', (sending) => this.api.step(this.at, 'redo', sending));
  }

  /** What a command would do, or why it would be refused. */
  async attempt(command: Command): Promise<Answer | Refusal | null> {
    try {
      return await this.api.attempt(this.at, command);
    } catch (cause) {
      const error = asApiError(cause);
      return error.code === 'unreachable' ? null : refusalOf(error, null);
    }
  }

  /** What the answers so far changed is on the screen. */
  drawn() {
    for (const timing of this.timings) timing.drawn_ms ??= performance.now() - timing.sent_ms;
  }

  /** The map's own tiles show it. */
  settled() {
    for (const timing of this.timings) timing.settled_ms ??= performance.now() - timing.sent_ms;
  }

  forgive() {
    this._refusal.value = null;
  }

  /** Somebody changed this plan, perhaps ourselves. What comes of a command under way is its answer's to tell. */
  async catchUp() {
    this.behind = true;
    if (this.catching || this._waiting.peek() > 0) return;
    this.catching = true;
    while (this.behind && this._laid.peek() && !this.abort.signal.aborted) {
      this.behind = false;
      await this.follow();
      await this.followSummary();
    }
    this.catching = false;
  }

  private send(op: string, request: (sending: Sending) => Promise<Done>): Promise<Done | null> {
    return this.sendAs(op, this.newKey(), request);
  }

  private sendAs(op: string, key: string, request: (sending: Sending) => Promise<Done>): Promise<Done | null> {
    const sent = performance.now();
    this._waiting.value += 1;
    return this.inTurn(async () => {
      const laid = this._laid.peek();
      if (!laid) return null;
      try {
        const answer = await request({ revision: laid.revision, key, ...this.words() });
        const answered = performance.now();
        const timing: Timing = {
          op,
          sent_ms: sent,
          answered_ms: answered - sent,
          drawn_ms: null,
          settled_ms: null,
        };
        this.timings.push(timing);
        this.timings.splice(0, this.timings.length - TIMINGS);
        await this.take(answer);
        // It was on the desk already, by word of the server's events: nothing is drawn for it.
        if (this._laid.peek() === laid) timing.drawn_ms = timing.settled_ms = timing.answered_ms;
        this._refusal.value = null;
        this._answered.value = answer;
        return answer;
      } catch (cause) {
        const error = asApiError(cause);
        const again = error.code === 'unreachable' ? () => void this.sendAs(op, key, request) : null;
        if (error.status === 412) await this.follow();
        this._refusal.value = refusalOf(error, again);
        return null;
      }
    }).finally(() => {
      this._waiting.value -= 1;
      if (this.behind) void this.catchUp();
    });
  }

  private async take(answer: Done) {
    const laid = this._laid.peek();
    if (!laid || answer.revision <= laid.revision) return;
    // Where others' steps came between, the answer tells only of ours; sent a second time, of nothing.
    if (!('replayed' in answer) && answer.changed.revision === laid.revision + 1) {
      this._laid.value = applyChanged(laid, answer.changed);
    } else await this.follow();
  }

  private async follow() {
    const known = this._laid.peek()?.revision;
    if (known === undefined) return;
    try {
      const changed = await this.api.since(this.at, known);
      const laid = this._laid.peek();
      if ('all' in changed) await this.load();
      // The rows are whole: what came meanwhile by a command's answer is in them, or newer than them.
      else if (laid) this._laid.value = applyChanged(laid, changed);
      this._error.value = null;
    } catch (cause) {
      this.fail(cause);
    }
  }

  /** It may have been renamed, published or deleted. */
  private async followSummary() {
    try {
      const summary = await this.api.summary(this.at);
      const laid = this._laid.peek();
      if (laid && (summary.state !== laid.plan.state || summary.name !== laid.plan.name)) {
        this._laid.value = withSummary(laid, summary);
      }
    } catch (cause) {
      this.fail(cause);
    }
  }

  private fail(cause: unknown) {
    if (this.abort.signal.aborted) return;
    this._error.value = asApiError(cause);
    if (this._error.value.status === 404) this._phase.value = 'failed';
  }

  /** One after another, so that each starts from what the one before made. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => undefined);
    return turn;
  }
}

export const isRefusal = (answer: Answer | Refusal): answer is Refusal => 'reason' in answer;

function asApiError(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : new ApiError('unexpected', 0, String(cause));
}

function refusalOf(error: ApiError, again: (() => void) | null): Refusal {
  const { reason, at, codes, since } = error.members;
  return {
    reason: typeof reason === 'string' ? reason : error.code,
    detail: error.message,
    at: isLonLat(at) ? at : null,
    codes: Array.isArray(codes) ? codes.filter((code) => typeof code === 'string') : [],
    since: Array.isArray(since) ? (since as LogLine[]) : [],
    again,
  };
}

function isLonLat(value: unknown): value is LonLat {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
}
