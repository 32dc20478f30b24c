import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, getJson, queryText } from './client';

const answer = (body: string, init: ResponseInit) => vi.stubGlobal('fetch', async () => new Response(body, init));

afterEach(() => vi.unstubAllGlobals());

describe('a failed request', () => {
  it('carries the code of the problem document', async () => {
    answer('{"code":"no_such_area","detail":"no area 1","status":404}', { status: 404 });
    await expect(getJson('/api/areas/1')).rejects.toMatchObject({
      code: 'no_such_area',
      status: 404,
      message: 'no area 1',
    });
  });

  it('is unreachable when nothing answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
    await expect(getJson('/api/info')).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('is unreachable when a proxy answers instead', async () => {
    answer('<h1>Bad gateway</h1>', { status: 502 });
    await expect(getJson('/api/info')).rejects.toMatchObject({ code: 'unreachable', status: 502 });
  });

  it('stays an abort when it was one', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new DOMException('stop', 'AbortError')));
    await expect(getJson('/api/info')).rejects.not.toBeInstanceOf(ApiError);
  });
});

it('writes only parameters that are set', () => {
  expect(queryText({ a: null, b: undefined, c: '', d: [], e: 0, f: ['x', 'y'] })).toBe('e=0&f=x%2Cy');
});
