// One flat configuration: type-checked rules everywhere, XSS rules for whatever builds a page.
import noUnsanitized from 'eslint-plugin-no-unsanitized';
import sortImports from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';

// What the scripts use without import: Node's globals, and the page's in functions that run in a browser.
const scriptGlobals = [
  ...['process', 'console', 'Buffer', 'URL', 'URLSearchParams', 'fetch', 'performance', 'module', 'require'],
  ...['setTimeout', 'clearTimeout', 'document', 'NodeFilter'],
  ...['window', 'innerHeight', 'requestAnimationFrame', 'getComputedStyle'],
  ...['MutationObserver', 'WheelEvent', 'PointerEvent'],
];

export default tseslint.config(
  { ignores: ['dist/**', 'dist-test/**', 'tools/**', 'vsix/**', 'test-results/**', 'node_modules/**'] },
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './webview/tsconfig.json'] } },
    plugins: { 'simple-import-sort': sortImports },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'simple-import-sort/imports': 'error',
      'simple-import-sort/exports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/cli/**', 'bench/**', 'demo-model/**', 'reproduce/**', 'test/**'],
    rules: { 'no-console': 'off' },
  },
  { files: ['webview/**/*.ts', 'src/extension/**/*.ts'], ...noUnsanitized.configs.recommended },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    plugins: { 'simple-import-sort': sortImports },
    languageOptions: {
      globals: Object.fromEntries(scriptGlobals.map(name => [name, 'readonly'])),
    },
    rules: { 'simple-import-sort/imports': 'error', 'no-undef': 'error', 'no-unused-vars': 'error' },
  },
);
