// The layers of docs/architecture.md. A folder may import only what stands below it.
const layers = {
  common: [],
  protocol: ['common'],
  figures: ['protocol'],
  engine: ['common'],
  model: ['common', 'protocol', 'engine'],
  data: ['common', 'protocol', 'model'],
  train: ['common', 'protocol', 'engine', 'model', 'data'],
  lens: ['common', 'protocol', 'figures', 'engine', 'model', 'data', 'train'],
  worker: ['common', 'protocol', 'lens'],
  cli: ['common', 'protocol', 'lens'],
  extension: ['common', 'protocol'],
};

const layerRules = Object.entries(layers).map(([name, below]) => ({
  name: `layer-${name}`,
  severity: 'error',
  comment: `src/${name} may import only: ${[name, ...below].join(', ')}`,
  from: { path: `^src/${name}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^(src|webview)/', pathNot: `^src/(${[name, ...below].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'data-never-sees-weights',
      severity: 'error',
      comment: 'src/data knows tokenizers, not weights',
      from: { path: '^src/data/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/model/', pathNot: '^src/model/tokenizer/' },
    },
    {
      name: 'webview-sees-protocol-and-figures-only',
      severity: 'error',
      from: { path: '^webview/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(protocol|figures)/' },
    },
    {
      name: 'onnxruntime-only-in-engine',
      severity: 'error',
      from: { path: '^(src|webview)/', pathNot: '^src/engine/' },
      to: { path: 'onnxruntime-node' },
    },
    {
      name: 'vscode-only-in-extension',
      severity: 'error',
      from: { path: '^(src|webview)/', pathNot: '^src/extension/' },
      to: { path: '^vscode$|@types/vscode' },
    },
    {
      name: 'no-node-in-webview',
      severity: 'error',
      from: { path: '^webview/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'testing-only-in-tests',
      severity: 'error',
      comment: 'helpers of tests are no part of the product',
      from: { pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '/testing/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '\\.(test|d)\\.ts$' }, to: {} },
  ],
  options: {
    // A test imports the package esbuild, which is taken for the build script of the same name.
    doNotFollow: { path: ['node_modules', '^esbuild\\.mjs$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
