/** What the planner is asked for. */
import { formatNumber, t } from '../../i18n';
import { CloseIcon, PlusIcon } from '../../panels/icons';
import { Segmented } from '../../panels/parts';
import type { PlanSummary } from './api';
import { Failure, Field } from './Dialog';
import {
  anotherVariant,
  CHURNS,
  type Chosen,
  codesOf,
  faultOf,
  MAX_VARIANTS,
  type PlanningForm,
  type Scope,
  scopesOf,
  type Target,
  WISHES,
  type Wish,
} from './planningRun';

function scopeText(scope: Scope, chosen: Chosen): string {
  const count = codesOf(scope, chosen).length;
  if (scope === 'cells' && count === 1) return t('planning.scope.cell');
  return t(`planning.scope.${scope}`, { count: formatNumber(count) });
}

const TARGETS: readonly Target[] = ['draft', 'into'];
const WISH_NAMES: readonly Wish[] = ['shape', 'both', 'even'];

export function PlanningFormFields(props: {
  form: PlanningForm;
  /** The plan that is open. */
  open: PlanSummary | null;
  chosen: Chosen;
  onChange: (form: PlanningForm) => void;
}) {
  const { form, open, chosen, onChange } = props;
  const set = (part: Partial<PlanningForm>) => onChange({ ...form, ...part });
  const fault = faultOf(form, chosen);
  const scopes = scopesOf(open, chosen);
  const alone = codesOf(form.scope, chosen).length === 1;
  return (
    <>
      {scopes.length > 1 && (
        <fieldset class="field">
          <legend class="field-name">{t('planning.scope')}</legend>
          {scopes.map((scope) => (
            <label key={scope} class="choice">
              <input
                type="radio"
                name="scope"
                checked={form.scope === scope}
                onChange={() => set({ scope, ...(scope === 'street' && { target: 'draft' as const }) })}
              />
              <span>{scopeText(scope, chosen)}</span>
            </label>
          ))}
        </fieldset>
      )}
      {open?.state === 'draft' && form.scope !== 'street' && (
        <div class="field">
          <span class="field-name">{t('planning.target')}</span>
          <Segmented
            label={t('planning.target')}
            choices={TARGETS}
            value={form.target}
            text={(target) => t(`planning.target.${target}`)}
            onChoose={(target) => set({ target })}
          />
        </div>
      )}
      <div class="field-row">
        <Field
          label={t(`planning.count.${form.scope}`)}
          hint={t(
            form.scope === 'street' ? 'planning.cells.hint' : alone ? 'planning.cells.alone' : 'planning.cells.keep',
          )}
        >
          <input
            type="text"
            inputMode="numeric"
            maxLength={5}
            placeholder={alone ? '' : t('planning.auto')}
            value={form.cells}
            onInput={(event) => set({ cells: event.currentTarget.value })}
          />
        </Field>
        {form.scope === 'street' && (
          <Field label={t('planning.communities')} hint={t('planning.communities.hint')}>
            <input
              type="text"
              inputMode="numeric"
              maxLength={5}
              placeholder={t('planning.auto')}
              value={form.communities}
              onInput={(event) => set({ communities: event.currentTarget.value })}
            />
          </Field>
        )}
      </div>
      {form.scope !== 'street' && (
        <div class="field">
          <span class="field-name">{t('planning.churn')}</span>
          <Segmented
            label={t('planning.churn')}
            choices={CHURNS}
            value={form.churn}
            text={(churn) => t(`planning.churn.${churn}`)}
            onChoose={(churn) => set({ churn })}
          />
        </div>
      )}
      <Variants {...{ form, set }} />
      {fault && <Failure>{t(`planning.fault.${fault}`)}</Failure>}
    </>
  );
}

function Variants({ form, set }: { form: PlanningForm; set: (part: Partial<PlanningForm>) => void }) {
  const { variants } = form;
  const change = (at: number, part: Partial<PlanningForm['variants'][number]>) =>
    set({ variants: variants.map((variant, index) => (index === at ? { ...variant, ...part } : variant)) });
  return (
    <fieldset class="field">
      <legend class="field-name">{t('planning.variants')}</legend>
      <small>{t('planning.variants.hint')}</small>
      <div class="variant-heads" aria-hidden="true">
        <span />
        <span>{t('planning.wish')}</span>
        <span>{t('planning.seeds')}</span>
      </div>
      <ol class="variants">
        {variants.map((variant, index) => (
          // A variant is what stands in its place.
          <li key={index}>
            <span class="variant-number">{t('planning.variant', { n: index + 1 })}</span>
            <select
              aria-label={t('planning.wish.of', { n: index + 1 })}
              value={String(variant.balance)}
              onChange={(event) => change(index, { balance: Number(event.currentTarget.value) })}
            >
              {WISH_NAMES.map((wish) => (
                <option key={wish} value={WISHES[wish]}>
                  {t(`planning.wish.${wish}`)}
                </option>
              ))}
            </select>
            <input
              type="number"
              min={0}
              step={1}
              aria-label={t('planning.seed.of', { n: index + 1 })}
              title={t('planning.seed.hint')}
              value={Number.isNaN(variant.seed) ? '' : variant.seed}
              onInput={(event) => change(index, { seed: event.currentTarget.valueAsNumber })}
            />
            <button
              type="button"
              class="icon-button quiet"
              aria-label={t('planning.remove', { n: index + 1 })}
              disabled={variants.length === 1}
              onClick={() => set({ variants: variants.filter((_, at) => at !== index) })}
            >
              <CloseIcon />
            </button>
          </li>
        ))}
      </ol>
      <button
        type="button"
        class="text-button"
        disabled={variants.length >= MAX_VARIANTS}
        onClick={() => set({ variants: [...variants, anotherVariant(variants)] })}
      >
        <PlusIcon />
        {t('planning.add')}
      </button>
    </fieldset>
  );
}
