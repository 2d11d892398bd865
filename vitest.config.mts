import { defineConfig } from 'vitest/config';

// Unit tests stand beside the code, golden tests in test/golden. Each file gets its own process:
// onnxruntime-node may be loaded only once in a process's life.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'webview/**/*.test.ts', 'test/golden/**/*.test.ts', 'test/cli/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
