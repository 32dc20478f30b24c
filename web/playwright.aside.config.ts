import base from './playwright.config';

/** What is no test and is run by name: benches and the handbook's pictures. */
export default {
  ...base,
  testMatch: /\.(bench|pictures)\.ts$/,
  timeout: 600_000,
  use: { ...base.use, actionTimeout: 10_000 },
};
