import { defineConfig } from 'vitest/config';

// Unit tests stand beside the code, golden tests in test/golden. Each file gets its own process:
// onnxruntime-node may be loaded only once in a process's life.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'webview/**/*.test.ts', 'test/golden/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          // These tests start the bundled command line.
          globalSetup: 'test/helpers/fresh-build.ts',
        },
      },
    ],
  },
});
