/** @file What the integration suite reports to its runner. */

export interface IntegrationResult {
  failures: number;
  /** Versions of VS Code and of the extension host's Node. */
  vscode: string;
  node: string;
  tests: {
    title: string;
    state: 'passed' | 'failed' | 'skipped';
    milliseconds?: number;
    error?: string;
  }[];
}
