/** @file Content security policies of everything that is shown in a webview. */
import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { reportPage } from './report-page';
import { webviewPage } from './webview-page';

const parts = {
  cspSource: 'https://*.example.test',
  script: 'https://x.example.test/routing.js?a&b',
  styles: ['https://x.example.test/routing.css'],
  icons: 'https://x.example.test/codicon.css',
  title: '</title><script>alert(1)</script>',
  language: 'en',
  translations: undefined,
};

/** Directive → sources, of the policy that a page states first. */
function policyOf(html: string): Record<string, string[]> {
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html) ?? [];
  const directives = policy.split(';').map(directive => directive.trim().split(/\s+/));
  return Object.fromEntries(directives.map(([name, ...sources]) => [name, sources]));
}

describe('the page of a panel', () => {
  const html = webviewPage(parts);
  const policy = policyOf(html);

  test('allows nothing but its own script, styles, fonts and pictures', () => {
    const [, nonce] = /<script nonce="([^"]+)"/.exec(html) ?? [];
    expect(nonce.length).toBeGreaterThanOrEqual(20);
    expect(policy).toEqual({
      'default-src': ["'none'"],
      'script-src': [`'nonce-${nonce}'`],
      'style-src': [parts.cspSource],
      'font-src': [parts.cspSource],
      'img-src': [parts.cspSource, 'data:'],
    });
    expect(html).not.toContain('unsafe-inline');
  });

  test('has one script, no inline style, no handler, and a new nonce each time', () => {
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
    expect(webviewPage(parts)).not.toBe(html);
  });

  test('translations are data that cannot leave their element', () => {
    const page = webviewPage({ ...parts, language: 'de', translations: { Expert: '</script><b>' } });
    expect(page).toContain('<html lang="de">');
    const [, json] = /<script type="application\/json" id="translations">(.*?)<\/script>/.exec(page) ?? [];
    expect(JSON.parse(json)).toEqual({ Expert: '</script><b>' });
  });

  test('texts are escaped', () => {
    expect(html).toContain('<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;</title>');
    expect(html).toContain('src="https://x.example.test/routing.js?a&amp;b"');
  });
});

describe('a report', () => {
  const html =
    '<!doctype html><html><head lang="en"><style>p{}</style></head><body><script>run()</script></body></html>';
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

  test('runs its own script and style and reaches nothing', () => {
    const page = reportPage(html, true);
    expect(policyOf(page)).toEqual({
      'default-src': ["'none'"],
      'img-src': ['data:'],
      'font-src': ['data:'],
      'style-src': [hash('p{}')],
      'script-src': [hash('run()')],
    });
    expect(page.indexOf('<meta')).toBeLessThan(page.indexOf('<style'));
  });

  test('runs no script where the workspace is not trusted', () => {
    expect(policyOf(reportPage(html, false))['script-src']).toEqual(["'none'"]);
  });
});
