import { defineConfig } from '@playwright/test';

/** Against a real server: `WANGGE_URL=http://127.0.0.1:8080 npm run e2e`. */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'node_modules/.playwright',
  timeout: 60_000,
  expect: { timeout: 20_000 },
  // One page at a time: WebGL is drawn by the processor.
  workers: 1,
  forbidOnly: !!process.env.CI,
  reporter: 'list',
  use: {
    baseURL: process.env.WANGGE_URL ?? 'http://127.0.0.1:8080',
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--enable-unsafe-swiftshader',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
