import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const WEB = join(import.meta.dirname, '../..');

/** The document itself is held to the server's code by a test on the server's side. */
it('the generated types are those of openapi.json', () => {
  const run = () =>
    execFileSync(
      process.execPath,
      ['node_modules/openapi-typescript/bin/cli.js', 'openapi.json', '--output', 'src/api/schema.d.ts', '--check'],
      { cwd: WEB, stdio: 'pipe' },
    );
  expect(run).not.toThrow();
}, 30_000);
