/** @file Webview pages made of the bundles in `dist/webview`. */
import * as vscode from 'vscode';

import { webviewPage } from './webview-page';

/** The only folder that webviews may read. */
export function bundleFolder(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}

/** @param bundle name of a script with its styles, e.g. `routing` */
export function bundledPage(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  { bundle, title }: { bundle: string; title: string },
): string {
  const uri = (file: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(bundleFolder(extensionUri), file)).toString();
  return webviewPage({
    cspSource: webview.cspSource,
    script: uri(`${bundle}.js`),
    styles: [uri(`${bundle}.css`)],
    icons: uri('codicon.css'),
    title,
    language: vscode.env.language,
    translations: vscode.l10n.bundle,
  });
}
