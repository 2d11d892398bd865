/** @file The icon in the tabs of panels. */
import * as vscode from 'vscode';

/** Tabs, unlike the activity bar, do not colour an icon by the theme: there is one for each kind. */
export function tabIcon(extensionUri: vscode.Uri): { light: vscode.Uri; dark: vscode.Uri } {
  const icon = (kind: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'media', `tab-${kind}.svg`);
  return { light: icon('light'), dark: icon('dark') };
}
