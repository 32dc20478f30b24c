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
  emit(type: string) {
    this.dispatchEvent(new Event(type));
  }
}

const told: string[] = [];
let stop: () => void;
const source = () => FakeSource.made.at(-1) as FakeSource;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  FakeSource.made = [];
  told.length = 0;
  stop = listenForChanges({
    onChange: () => told.push('change'),
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
      source().emit('change');
      vi.advanceTimersByTime(100);
    }
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['change']);
  });

  it('takes a short gap for one in which something may have changed, not for a loss', () => {
    source().emit('error');
    vi.advanceTimersByTime(1_000);
    source().emit('open');
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(['change']);
  });

  it('tells a loss and the return', () => {
    source().emit('error');
    source().emit('error');
    vi.advanceTimersByTime(4_000);
    expect(told).toEqual(['lost']);
    source().emit('open');
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['lost', 'return', 'change']);
  });

  it('connects again by itself where the browser gives up', () => {
    source().readyState = FakeSource.CLOSED;
    source().emit('error');
    vi.advanceTimersByTime(6_000);
    expect(FakeSource.made).toHaveLength(2);
    source().emit('open');
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['lost', 'return', 'change']);
  });

  it('is silent once ended', () => {
    source().emit('change');
    stop();
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
    expect(source().close).toHaveBeenCalled();
  });
});
