import { configDefaults, defineConfig } from 'vitest/config';

// `npm run test:long`: tests that take minutes, which `npm test` leaves out.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    include: ['**/*.long.test.ts'],
    exclude: configDefaults.exclude,
    setupFiles: 'test/helpers/array-equality.ts',
    // They start the bundled command line.
    globalSetup: 'test/helpers/fresh-build.ts',
  },
});
