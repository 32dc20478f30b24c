import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenForChanges } from './events';

class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static made: FakeSource[] = [];
  readyState = 0;
  close = vi.fn();
  constructor() {
    super();
    FakeSource.made.push(this);
  }
  emit(type: string, data?: unknown) {
    this.dispatchEvent(data === undefined ? new Event(type) : new MessageEvent(type, { data: JSON.stringify(data) }));
  }
}

const told: string[] = [];
const AREAS = { layers: ['cells'], boxes: [[104, 26, 105, 27]] };
const ISSUES = { layers: ['issues', 'heat'], boxes: [[104, 26, 104, 26]] };
const change = (...tiles: unknown[]) => ({ street: '520201011', version: 2, rows: { issues: 1 }, tiles });
let stop: () => void;
const source = () => FakeSource.made.at(-1) as FakeSource;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  FakeSource.made = [];
  told.length = 0;
  stop = listenForChanges({
    onTiles: (stale) => told.push(`tiles of ${stale.flatMap(({ layers }) => layers)}`),
    onPlans: ({ street, plans }) => told.push(`plans ${plans} of ${street}`),
    onChange: () => told.push('change'),
    onMissed: () => told.push('missed'),
    onLost: () => told.push('lost'),
    onReturn: () => told.push('return'),
  });
  source().emit('open');
});

afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the stream of changes', () => {
  it('tells several in a row once', () => {
    for (let i = 0; i < 5; i += 1) {
      source().emit('change', change());
      vi.advanceTimersByTime(100);
    }
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['change']);
  });

  it('tells which drafts a step touched, and nothing else of it', () => {
    source().emit('change', { ...change(), rows: { plans: 1 }, plans: [4] });
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['plans 4 of 520201011']);
  });

  it('tells the tiles at once, those of several changes together, and goes on while changes come', () => {
    source().emit('change', change(AREAS));
    source().emit('change', change(ISSUES));
    vi.advanceTimersByTime(50);
    expect(told).toEqual(['tiles of cells,issues,heat']);
    source().emit('change', change(ISSUES));
    vi.advanceTimersByTime(50);
    expect(told).toEqual(['tiles of cells,issues,heat', 'tiles of issues,heat']);
    vi.advanceTimersByTime(1_000);
    expect(told.at(-1)).toBe('change');
  });

  it('takes a change that does not say which tiles for any', () => {
    source().emit('change', { street: '1', version: 2, rows: {} });
    source().emit('change', change(AREAS));
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['tiles of cells', 'missed']);
  });

  it('takes a short gap for one in which something may have changed, not for a loss', () => {
    source().emit('error');
    vi.advanceTimersByTime(1_000);
    source().emit('open');
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(['missed']);
    source().emit('change', change());
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['missed', 'change']);
  });

  it('tells a loss and the return', () => {
    source().emit('error');
    source().emit('error');
    vi.advanceTimersByTime(4_000);
    expect(told).toEqual(['lost']);
    source().emit('open');
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['lost', 'return', 'missed']);
  });

  it('connects again by itself where the browser gives up', () => {
    source().readyState = FakeSource.CLOSED;
    source().emit('error');
    vi.advanceTimersByTime(6_000);
    expect(FakeSource.made).toHaveLength(2);
    source().emit('open');
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['lost', 'return', 'missed']);
  });

  it('is silent once ended', () => {
    source().emit('change', change(AREAS));
    stop();
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
    expect(source().close).toHaveBeenCalled();
  });
});
