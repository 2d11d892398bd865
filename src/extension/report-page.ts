/** @file A run's `report.html` as a webview page: it may show itself, and reach nothing. */
import { createHash } from 'node:crypto';

/**
 * Puts a content security policy in front of everything else. Only the script and style elements that the file has are
 * allowed, by their hashes: no event handlers in attributes, no network.
 * @param html a complete document
 * @param scripts whether its scripts may run
 */
export function reportPage(html: string, scripts: boolean): string {
  const policy = [
    "default-src 'none'",
    'img-src data:',
    'font-src data:',
    `style-src ${hashes(html, 'style')}`,
    `script-src ${scripts ? hashes(html, 'script') : "'none'"}`,
  ].join('; ');
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  return html.replace(/<head[^>]*>|$/i, head => `${head}${meta}`);
}

function hashes(html: string, element: 'script' | 'style'): string {
  const contents = [...html.matchAll(new RegExp(`<${element}\\b[^>]*>([\\s\\S]*?)</${element}>`, 'gi'))];
  const sources = contents.map(
    ([, text]) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  return sources.length > 0 ? sources.join(' ') : "'none'";
}
