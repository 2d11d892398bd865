/**
 * @file Gives `t()` the translations that the page carries. Imported before everything else: texts in constants are made
 * when their module loads.
 */
import { config } from '@vscode/l10n';

// Nothing in English: the texts in the code are the English ones.
const contents = document.getElementById('translations')?.textContent;
if (contents) config({ contents });
