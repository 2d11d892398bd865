import { existsSync } from 'node:fs';
import path from 'node:path';

import { configDefaults, defineConfig } from 'vitest/config';

/**
 * SwiftShader, a Vulkan device in software that every Chromium and Chrome for Linux carries with it, together with the
 * Vulkan loader. The dynamic linker and the loader read this: it must be there when the process of a test starts.
 */
function softwareVulkan(): Record<string, string> {
  // ONNX Runtime has WebGPU for Linux on x64 only; other systems have other interfaces than Vulkan.
  if (process.platform !== 'linux' || process.arch !== 'x64') return {};
  const { E2E_CHROMIUM = '', LD_LIBRARY_PATH = '', VK_DRIVER_FILES } = process.env;
  if (VK_DRIVER_FILES) return {}; // whoever starts the tests has chosen a device
  const folders = [path.dirname(E2E_CHROMIUM), '/usr/lib/chromium', '/opt/google/chrome'];
  const folder = folders.find(candidate => existsSync(path.join(candidate, 'vk_swiftshader_icd.json')));
  if (!folder) return {};
  return {
    VK_DRIVER_FILES: path.join(folder, 'vk_swiftshader_icd.json'),
    LD_LIBRARY_PATH: [LD_LIBRARY_PATH, folder].filter(Boolean).join(':'),
  };
}

/** Those of vitest.long.config.mts. */
const long = [...configDefaults.exclude, '**/*.long.test.ts'];

/** Nothing of ONNX Runtime is loaded by these, which also changes how a process computes with denormal numbers. */
const withoutEngine = [
  'webview/**/*.test.ts',
  'src/{common,data,extension,figures,protocol}/**/*.test.ts',
  'src/model/{checkpoint,tokenizer}/**/*.test.ts',
];

// Unit tests stand beside the code, golden tests in test/golden. Projects run in the order of their names: those with
// the longest files first, so that both workers have something to do to the end.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    exclude: long,
    setupFiles: 'test/helpers/array-equality.ts',
    projects: [
      {
        extends: true,
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          // These tests start the bundled command line.
          globalSetup: 'test/helpers/fresh-build.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['test/webgpu/**/*.test.ts'],
          env: softwareVulkan(),
          // The first of these tests waits for its shaders to be compiled.
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'light',
          include: withoutEngine,
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,bench,demo-model,reproduce}/**/*.test.ts', 'test/golden/**/*.test.ts'],
          exclude: [...long, ...withoutEngine],
          isolate: false, // files share processes, as jobs do in the worker: a third of the time would go into starting them
        },
      },
    ],
  },
});
