import base from './playwright.config';

/** What is measured in a browser; `make bench-desk` runs it. */
export default { ...base, testMatch: '*.bench.ts', timeout: 600_000, use: { ...base.use, actionTimeout: 10_000 } };
