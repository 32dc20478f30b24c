/** The tools, and what the one in hand can be set to. */
import { useState } from 'preact/hooks';
import { formatChange, formatNumber, t } from '../../i18n';
import { Segmented } from '../../panels/parts';
import { isNarrow } from '../../state/screen';
import { nameOf } from '../model/laid';
import {
  brushRadius,
  cutBlocks,
  editable,
  laid,
  painted,
  primary,
  pullReach,
  selected,
  TOOLS,
  tool,
} from '../state/session';
import { isRefusal } from '../state/store';
import { merge, pull } from '../tools/actions';
import { BRUSH_MAX, TOOL_KEYS, takeTool } from '../tools/keys';
import { dropLine, finishSplit, partsOf, setSplitLine, splitLine, splitPreview } from '../tools/split';
import { WhyField } from './DeskBar';
import { TOOL_ICON } from './icons';
import { reasonText } from './reasons';

export function Palette() {
  const [open, setOpen] = useState(false);
  if (!editable.value) return null;
  const shown = isNarrow.value && !open ? [tool.value] : TOOLS;
  return (
    <div class="desk-palette" role="toolbar" aria-orientation="vertical" aria-label={t('desk.tools')}>
      {shown.map((name) => {
        const Icon = TOOL_ICON[name];
        const text = `${t(`desk.tool.${name}`)} (${TOOL_KEYS[name].toUpperCase()})`;
        return (
          <button
            key={name}
            type="button"
            class="desk-tool"
            data-tool={name}
            aria-pressed={tool.value === name}
            aria-label={text}
            title={`${text}: ${t(`desk.tool.${name}.hint`)}`}
            onClick={() => {
              if (isNarrow.value && !open) setOpen(true);
              else {
                takeTool(name);
                setOpen(false);
              }
            }}
          >
            <Icon />
            <span>{t(`desk.tool.${name}.short`)}</span>
          </button>
        );
      })}
    </div>
  );
}

export function ToolOptions() {
  if (!editable.value) return null;
  const name = tool.value;
  return (
    <section class="desk-options" data-options={name} aria-label={t('desk.options')}>
      <strong>{t(`desk.tool.${name}`)}</strong>
      {(name === 'brush' || name === 'box') && <PaintOptions />}
      {name === 'split' && <SplitOptions />}
      {name === 'merge' && <MergeOptions />}
      {name === 'pull' && <PullOptions />}
      {(name === 'select' || name === 'vertex') && <span class="muted">{t(`desk.tool.${name}.hint`)}</span>}
      {!isNarrow.value && <WhyField />}
    </section>
  );
}

/** What the stroke would make of the cell. */
function PaintOptions() {
  const now = laid.value;
  const to = primary.value;
  const cell = to ? now?.cells.get(to) : null;
  const blocks = [...painted.value].flatMap((id) => now?.blocks.get(id) ?? []);
  const households = blocks.reduce((sum, block) => sum + block.households, 0);
  return (
    <>
      {tool.value === 'brush' && (
        <label class="desk-range">
          <span>{t('desk.brush.radius')}</span>
          <input
            type="range"
            min="0"
            max={BRUSH_MAX}
            step="4"
            value={brushRadius.value}
            onInput={(event) => {
              brushRadius.value = Number(event.currentTarget.value);
            }}
          />
        </label>
      )}
      <span class="muted" data-testid="paint">
        {!now || !cell
          ? t('desk.paint.nocell')
          : blocks.length === 0
            ? t('desk.paint.to', { name: nameOf(now, cell.code), households: formatNumber(cell.households) })
            : t('desk.paint.would', {
                name: nameOf(now, cell.code),
                blocks: blocks.length,
                households: formatNumber(cell.households + households),
                deviation: now.balance.mean ? formatChange((cell.households + households) / now.balance.mean - 1) : '',
              })}
      </span>
    </>
  );
}

function SplitOptions() {
  const line = splitLine.value;
  const preview = splitPreview.value;
  const now = laid.value;
  return (
    <>
      <label class="desk-check">
        <input
          type="checkbox"
          checked={cutBlocks.value}
          onChange={(event) => {
            cutBlocks.value = event.currentTarget.checked;
            setSplitLine(splitLine.peek());
          }}
        />
        {t('desk.split.cut')}
      </label>
      <span class="muted" data-testid="split" aria-live="polite">
        {line.length < 2 || !preview || !now
          ? t('desk.tool.split.hint')
          : isRefusal(preview)
            ? reasonText(preview)
            : t('desk.split.would', {
                parts: partsOf(preview)
                  .map(({ households }) => formatNumber(households))
                  .join(' + '),
              })}
      </span>
      {line.length > 0 && (
        <>
          <button type="button" class="button" disabled={line.length < 2} onClick={() => void finishSplit()}>
            {t('desk.split.do')}
          </button>
          <button type="button" class="button" onClick={dropLine}>
            {t('desk.cancel')}
          </button>
        </>
      )}
    </>
  );
}

function MergeOptions() {
  const now = laid.value;
  const codes = selected.value;
  const [kept, setKept] = useState<string | null>(null);
  if (!now || codes.length < 2) return <span class="muted">{t('desk.tool.merge.hint')}</span>;
  const into = kept && codes.includes(kept) ? kept : (codes.at(-1) as string);
  return (
    <>
      <label class="desk-check">
        {t('desk.merge.keep')}
        <select value={into} onChange={(event) => setKept(event.currentTarget.value)}>
          {codes.map((code) => (
            <option key={code} value={code}>
              {nameOf(now, code)}
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="button" onClick={() => void merge(into)}>
        {t('desk.merge.do', { count: codes.length })}
      </button>
    </>
  );
}

const REACHES = [15, 30, 60] as const;

function PullOptions() {
  const ready = selected.value.length === 2;
  return (
    <>
      <Segmented
        label={t('desk.pull.reach')}
        choices={REACHES.map(String)}
        value={String(pullReach.value)}
        text={(reach) => t('desk.metres', { metres: reach })}
        onChoose={(reach) => {
          pullReach.value = Number(reach);
        }}
      />
      {ready ? (
        <button type="button" class="button" onClick={() => void pull(pullReach.peek())}>
          {t('desk.pull.do')}
        </button>
      ) : (
        <span class="muted">{t('desk.tool.pull.hint')}</span>
      )}
    </>
  );
}
