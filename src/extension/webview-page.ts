/** @file The one place that builds webview pages: a strict content security policy and nothing inline. */
import { randomBytes } from 'node:crypto';

/** Addresses of a page's parts, as `Webview.asWebviewUri` gives them. */
export interface PageParts {
  /** `Webview.cspSource` */
  cspSource: string;
  script: string;
  styles: readonly string[];
  /** Stylesheet of the icon font; the components find it by its id. */
  icons: string;
  /** Plain text. */
  title: string;
  /** Language of the texts, e.g. `en`. */
  language: string;
  /** Texts of that language, for `webview/shared/localisation.ts`; nothing in English. */
  translations: object | undefined;
}

/** @returns a page whose body the script fills; only the script with the page's own nonce runs */
export function webviewPage(parts: PageParts): string {
  const nonce = randomBytes(16).toString('base64url');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${parts.cspSource}`,
    `font-src ${parts.cspSource}`,
    `img-src ${parts.cspSource} data:`,
  ].join('; ');
  const styles = parts.styles.map(href => `<link rel="stylesheet" href="${escapeHtml(href)}">`);
  return `<!DOCTYPE html>
<html lang="${escapeHtml(parts.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(parts.title)}</title>
<link rel="stylesheet" href="${escapeHtml(parts.icons)}" id="vscode-codicon-stylesheet">
${styles.join('\n')}
</head>
<body>
${translations(parts.translations)}<script nonce="${nonce}" src="${escapeHtml(parts.script)}"></script>
</body>
</html>`;
}

/** A block of data, no script. In it, only `<` could mean something to HTML. */
function translations(texts: object | undefined): string {
  if (!texts) return '';
  const json = JSON.stringify(texts).replaceAll('<', '\\u003c');
  return `<script type="application/json" id="translations">${json}</script>\n`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, c => entities[c] ?? c);
}
