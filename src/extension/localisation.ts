/**
 * @file Gives `t()` the translations of this window's language. Imported before everything else: texts in constants are
 * made when their module loads.
 */
import { config } from '@vscode/l10n';
import * as vscode from 'vscode';

// Nothing in English: the texts in the code are the English ones.
if (vscode.l10n.bundle) config({ contents: vscode.l10n.bundle });
