import { expect, it } from 'vitest';
import { dividerAfter } from './Divider';

it.each([
  ['ArrowLeft', 50, false, 48],
  ['ArrowRight', 50, false, 52],
  ['ArrowRight', 50, true, 60],
  ['PageDown', 50, false, 40],
  ['PageUp', 95, false, 100],
  ['ArrowLeft', 1, false, 0],
  ['Home', 50, false, 0],
  ['End', 50, false, 100],
  ['Tab', 50, false, null],
])('%s at %d moves the divider', (key, at, leap, expected) => {
  expect(dividerAfter(key, at, leap)).toBe(expected);
});
