import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Dialog, DialogBody } from './Dialog';
import { button, click, dialog, leave, press, settle, show } from './fakeStreet';

const closed = vi.fn();

beforeEach(async () => {
  vi.useFakeTimers();
  closed.mockReset();
  await show(
    <Dialog title="Title" onClose={closed} actions={<button type="button">last</button>}>
      <DialogBody>
        <input data-autofocus />
      </DialogBody>
    </Dialog>,
  );
});

afterEach(async () => {
  await leave();
  vi.useRealTimers();
});

it('is named by its title and takes the focus', () => {
  const heading = document.getElementById(dialog()?.getAttribute('aria-labelledby') ?? '');
  expect(heading?.textContent).toBe('Title');
  expect(document.activeElement?.tagName).toBe('INPUT');
});

it('closes by Escape, which goes no further', () => {
  const behind = vi.fn();
  addEventListener('keydown', behind);
  press('Escape');
  removeEventListener('keydown', behind);
  expect(closed).toHaveBeenCalledTimes(1);
  expect(behind).not.toHaveBeenCalled();
});

it('closes by its button', async () => {
  await click(button('关闭'));
  expect(closed).toHaveBeenCalledTimes(1);
});

it('keeps the focus, from the last to the first and back', () => {
  const [first, last] = [button('关闭'), button('last')];
  last.focus();
  press('Tab');
  expect(document.activeElement).toBe(first);
  press('Tab', first, true);
  expect(document.activeElement).toBe(last);
});

it('gives the focus back', async () => {
  await leave();
  expect(dialog()).toBeNull();
  expect(document.activeElement?.id).toBe('before');
  await act(async () => {});
});

it('takes the focus up again when what had it is gone', async () => {
  const shown = (busy: boolean) => (
    <Dialog title="Title" onClose={closed} actions={!busy && <button type="button">start</button>}>
      <DialogBody>text</DialogBody>
    </Dialog>
  );
  await show(shown(false));
  button('start').focus();
  await act(async () => render(shown(true), document.getElementById('root') as HTMLElement));
  await settle();
  expect(document.activeElement).toBe(dialog());
});
