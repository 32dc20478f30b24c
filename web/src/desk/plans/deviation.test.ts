import { describe, expect, it } from 'vitest';
import { light } from '../../map/themes/light';
import { deviationClass, deviationColour, deviationLimits, deviationsOf } from './deviation';

describe('a deviation', () => {
  it.each([
    [0, 3],
    [0.05, 3],
    [-0.05, 3],
    [0.0501, 4],
    [-0.1, 2],
    [0.11, 5],
    [-0.2, 1],
    [0.21, 6],
    [-3, 0],
  ])('of %d is class %d at a tolerance of 10 %%', (deviation, expected) => {
    expect(deviationClass(deviation, 0.1)).toBe(expected);
  });

  it('is none for a dedicated cell', () => {
    expect(deviationClass(null, 0.1)).toBeNull();
    expect(deviationColour(undefined, 0.1, light.diverging, 'none')).toBe('none');
    expect(deviationColour(1, 0.1, light.diverging, 'none')).toBe(light.diverging[6]);
  });

  it('has one limit between every two colours', () => {
    expect(deviationLimits(0.1)).toEqual([-0.2, -0.1, -0.05, 0.05, 0.1, 0.2]);
    expect(deviationLimits(0.1)).toHaveLength(light.diverging.length - 1);
  });
});

it('cells deviate from their own mean', () => {
  const cells = [
    { code: 'a', households: 300 },
    { code: 'b', households: 500 },
  ];
  expect([...deviationsOf(cells)]).toEqual([
    ['a', -0.25],
    ['b', 0.25],
  ]);
  expect(deviationsOf([]).size).toBe(0);
  expect(deviationsOf([{ code: 'a', households: 0 }]).get('a')).toBe(0);
});
