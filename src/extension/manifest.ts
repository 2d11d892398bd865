/** @file Every id that package.json contributes, once. A test compares the two. */

export const extensionId = 'router-lens.router-lens';

/** Name of the log in the Output view and of the side bar. */
export const productName = 'Router Lens';

export const commands = {
  identify: 'routerLens.identify',
  tracePrompt: 'routerLens.tracePrompt',
  traceSample: 'routerLens.traceSample',
  compareBaseTuned: 'routerLens.compareBaseTuned',
  openRouting: 'routerLens.openRouting',
  openExperts: 'routerLens.openExperts',
  refreshExperts: 'routerLens.refreshExperts',
  sortExpertsByRatio: 'routerLens.sortExpertsByRatio',
  sortExpertsByChange: 'routerLens.sortExpertsByChange',
  showContextFaithfulOnly: 'routerLens.showContextFaithfulOnly',
  showAllExperts: 'routerLens.showAllExperts',
  maskExpert: 'routerLens.maskExpert',
  unmaskExpert: 'routerLens.unmaskExpert',
  clearMasks: 'routerLens.clearMasks',
  saveMask: 'routerLens.saveMask',
  chooseMask: 'routerLens.chooseMask',
  runCeft: 'routerLens.runCeft',
  stopTraining: 'routerLens.stopTraining',
  resumeRun: 'routerLens.resumeRun',
  evaluate: 'routerLens.evaluate',
  openRun: 'routerLens.openRun',
  openReport: 'routerLens.openReport',
  exportRun: 'routerLens.exportRun',
  revealRun: 'routerLens.revealRun',
  deleteRun: 'routerLens.deleteRun',
  deleteSelectedRuns: 'routerLens.deleteSelectedRuns',
  refreshRuns: 'routerLens.refreshRuns',
  openTraining: 'routerLens.openTraining',
  compareRuns: 'routerLens.compareRuns',
  analyze: 'routerLens.analyze',
  openAnalysis: 'routerLens.openAnalysis',
  selectModel: 'routerLens.selectModel',
  selectDataset: 'routerLens.selectDataset',
  refreshWorkspace: 'routerLens.refreshWorkspace',
  openSample: 'routerLens.openSample',
  revealFile: 'routerLens.revealFile',
  copyPath: 'routerLens.copyPath',
  openDemo: 'routerLens.openDemo',
  restartEngine: 'routerLens.restartEngine',
  showLog: 'routerLens.showLog',
} as const;

export type CommandName = keyof typeof commands;

export const viewContainer = 'routerLens';

export const views = {
  models: 'routerLens.models',
  datasets: 'routerLens.datasets',
  experts: 'routerLens.experts',
  ceft: 'routerLens.ceft',
  runs: 'routerLens.runs',
} as const;

/** Set by the extension for `when` clauses. */
export const contextKeys = {
  /** The Experts view shows a run. */
  hasRun: 'routerLens.hasRun',
  /** Experts are sorted by what router tuning changed, not by their ratio. */
  expertsByChange: 'routerLens.expertsByChange',
  /** Others are not shown in the Experts view. */
  contextFaithfulOnly: 'routerLens.contextFaithfulOnly',
  /** A training of this window goes on. */
  isTraining: 'routerLens.isTraining',
  /** Some experts are masked. */
  hasMask: 'routerLens.hasMask',
  /** There is a trace that the Routing panel can show. */
  hasTrace: 'routerLens.hasTrace',
} as const;

/** Types of webview panels; VS Code restores panels by them. */
export const panels = {
  routing: 'routerLens.routing',
  report: 'routerLens.report',
  training: 'routerLens.training',
  comparison: 'routerLens.comparison',
  analysis: 'routerLens.analysis',
} as const;

/** Users hide and show the items by these. */
export const statusBarItems = { engine: 'routerLens.status', job: 'routerLens.job' } as const;

/** The walkthrough of the Getting Started page. */
export const walkthrough = 'routerLens.firstSteps';

/** Tools for agents in the editor. */
export const languageModelTools = {
  traceRouting: 'routerLens_traceRouting',
  identify: 'routerLens_identify',
} as const;
export type ToolName = (typeof languageModelTools)[keyof typeof languageModelTools];

export const configurationSection = 'routerLens';

/** Settings, without the section. */
export const settings = {
  threads: 'threads',
  memoryBudget: 'memoryBudget',
  executionProvider: 'executionProvider',
  parametrisation: 'parametrisation',
  epochs: 'epochs',
  learningRate: 'learningRate',
  batchSize: 'batchSize',
  maxSequenceLength: 'maxSequenceLength',
  seed: 'seed',
  k: 'k',
  limitTrain: 'limitTrain',
  limitDev: 'limitDev',
  limitTest: 'limitTest',
  generatedTokens: 'generatedTokens',
  decorations: 'decorations',
  gutterMarks: 'gutterMarks',
  codeLens: 'codeLens',
  idleMinutes: 'idleMinutes',
} as const;

export type SettingName = keyof typeof settings;

/** Backgrounds of traced tokens, from a small to a large share of routing to context-faithful experts. */
export const shareColors = [
  'routerLens.contextFaithfulShare1',
  'routerLens.contextFaithfulShare2',
  'routerLens.contextFaithfulShare3',
  'routerLens.contextFaithfulShare4',
] as const;
/** Outline of the token that the pointer is on in the Routing panel. */
export const pointedTokenColor = 'routerLens.pointedToken';
