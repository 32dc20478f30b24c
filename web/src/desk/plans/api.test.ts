/** That what is written here of the answers is what the server's document says: the compiler sees to it. */
import { expectTypeOf, it } from 'vitest';
import type { components } from '../../api/schema';
import type {
  Balance,
  Lineage,
  Move,
  MovedBuilding,
  PictureCell,
  PlanDifference,
  PlannedCell,
  Planning,
  PlanningResult,
  PlanningWish,
  PlanSummary,
  Preview,
  Warning,
} from './api';

type Schemas = components['schemas'];

it('has the members that the server’s document names', () => {
  expectTypeOf<keyof Balance>().toEqualTypeOf<keyof Schemas['Balance']>();
  expectTypeOf<keyof PlanSummary>().toEqualTypeOf<keyof Schemas['PlanSummary']>();
  expectTypeOf<keyof Preview>().toEqualTypeOf<keyof Schemas['Preview']>();
  expectTypeOf<Preview['cells']>().toEqualTypeOf<Schemas['CellCounts']>();
  expectTypeOf<Preview['groups']>().toEqualTypeOf<Schemas['GroupCounts']>();
  expectTypeOf<Lineage>().toEqualTypeOf<Schemas['CellOrigin']>();
  expectTypeOf<Move>().toEqualTypeOf<Schemas['Moved']>();
  expectTypeOf<keyof Warning>().toEqualTypeOf<keyof Schemas['WarningRow']>();
  expectTypeOf<keyof PlanDifference>().toEqualTypeOf<keyof Schemas['Comparison']>();
  expectTypeOf<keyof MovedBuilding>().toEqualTypeOf<keyof Schemas['MovedPlace']>();
  expectTypeOf<keyof PlanningWish>().toEqualTypeOf<keyof Schemas['Planning']>();
  expectTypeOf<keyof Planning>().toEqualTypeOf<keyof Schemas['PlanningView']>();
  expectTypeOf<keyof PlanningResult>().toEqualTypeOf<keyof Schemas['VariantResult']>();
  expectTypeOf<keyof PlannedCell>().toEqualTypeOf<keyof Schemas['ResultCell']>();
  // Only what is drawn.
  expectTypeOf<keyof PictureCell>().toExtend<keyof Schemas['CellRow']>();
});
