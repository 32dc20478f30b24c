import { defineConfig } from 'vitest/config';

const server = process.env.WANGGE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  build: {
    target: 'es2022',
    // MapLibre is one library of about 1 MB; it is cached for good under its hashed name.
    chunkSizeWarningLimit: 1600,
    assetsInlineLimit: 0,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': server, '/tiles': server, '/backdrop': server } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
