import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hit } from '../api/types';
import { selection } from '../state/app';
import { clear, crs } from '../state/search';
import { SearchBox } from './SearchBox';

const hit = (code: string, name: string): Hit => ({
  kind: 'community',
  code,
  name,
  context: '黄土坡街道',
  lon: 104.8,
  lat: 26.6,
  bbox: [104.7, 26.5, 104.9, 26.7],
});

const HITS = [hit('520201011001', '双水社区'), hit('520201011002', '明湖社区')];
let asked: URL[] = [];
let answer: Hit[] = HITS;

const input = () => document.querySelector('input') as HTMLInputElement;
const options = () => [...document.querySelectorAll('[role=option]')];
const chosen = () => document.querySelector('[aria-selected=true]')?.textContent ?? '';

const press = (key: string, target: EventTarget = input()) =>
  act(() => {
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  });

async function type(text: string) {
  await act(async () => {
    input().focus();
    input().value = text;
    input().dispatchEvent(new InputEvent('input', { bubbles: true }));
  });
}

const settle = () => act(async () => void (await vi.advanceTimersByTimeAsync(400)));

beforeEach(async () => {
  vi.useFakeTimers();
  asked = [];
  answer = HITS;
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(new URL(url, 'http://server'));
    return new Response(JSON.stringify({ hits: answer }));
  });
  document.body.innerHTML = '<div id="root"></div><button id="elsewhere">x</button>';
  await act(async () => render(<SearchBox />, document.getElementById('root') as HTMLElement));
});

afterEach(async () => {
  await act(async () => render(null, document.getElementById('root') as HTMLElement));
  clear();
  crs.value = 'EPSG:4326';
  selection.value = null;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the search box', () => {
  it('is focused by / from elsewhere, but / can be typed in it', () => {
    const elsewhere = document.getElementById('elsewhere') as HTMLElement;
    elsewhere.focus();
    press('/', elsewhere);
    expect(document.activeElement).toBe(input());
    const event = new KeyboardEvent('keydown', { key: '/', bubbles: true, cancelable: true });
    input().dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  });

  it('asks once, after typing pauses, and shows what was found', async () => {
    await type('社');
    await type('社区');
    await settle();
    expect(asked.map((url) => url.searchParams.get('q'))).toEqual(['社区']);
    expect(options()).toHaveLength(2);
    expect(input().getAttribute('aria-expanded')).toBe('true');
  });

  it('chooses by arrows, the text itself being one stop', async () => {
    await type('社区');
    await settle();
    press('ArrowDown');
    expect(chosen()).toContain('双水社区');
    expect(input().getAttribute('aria-activedescendant')).toBe(options()[0]?.id);
    press('ArrowDown');
    expect(chosen()).toContain('明湖社区');
    press('ArrowDown');
    expect(chosen()).toBe('');
    press('ArrowUp');
    expect(chosen()).toContain('明湖社区');
  });

  it('takes the chosen hit by Enter, the first without a choice', async () => {
    await type('社区');
    await settle();
    press('ArrowDown');
    press('ArrowDown');
    press('Enter');
    expect(selection.value).toEqual({ kind: 'area', code: '520201011002' });
    expect(input().getAttribute('aria-expanded')).toBe('false');
    press('Enter');
    expect(selection.value).toEqual({ kind: 'area', code: '520201011001' });
  });

  it('keeps an early Enter until the answer is there', async () => {
    await type('双水');
    press('Enter');
    expect(selection.value).toBeNull();
    await settle();
    expect(selection.value).toEqual({ kind: 'area', code: '520201011001' });
  });

  it('closes by Escape first, then empties', async () => {
    await type('社区');
    await settle();
    press('Escape');
    expect(input().getAttribute('aria-expanded')).toBe('false');
    expect(input().value).toBe('社区');
    press('Escape');
    expect(input().value).toBe('');
  });

  it('sends coordinates plainly, with the system chosen', async () => {
    answer = [{ kind: 'coordinates', name: '104.83, 26.59', context: '', lon: 104.828, lat: 26.592 }];
    crs.value = 'gcj02';
    await type('104.83，26.59');
    await settle();
    expect(asked[0]?.searchParams.get('q')).toBe('104.83, 26.59');
    expect(asked[0]?.searchParams.get('crs')).toBe('gcj02');
    press('Enter');
    expect(selection.value).toEqual({ kind: 'point', lon: 104.828, lat: 26.592, code: null });
  });

  it('says when there is nothing, and when latitude came first', async () => {
    answer = [];
    await type('26.59, 104.83');
    await settle();
    expect(document.querySelector('.search-note')?.textContent).toBe('请先输入经度，再输入纬度');
    await type('不存在');
    await settle();
    expect(document.querySelector('.search-note')?.textContent).toContain('不存在');
  });
});
