/** @file An automated check of accessibility (axe) inside a panel. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @returns serious and critical findings in the document of a frame, a line each */
export async function accessibilityProblems(frame) {
  const document = frame.locator('body');
  // Evaluated by the debugger: the page's policy lets no other script in.
  await document.evaluate(source);
  const { violations } = await document.evaluate(body =>
    body.ownerDocument.defaultView.axe.run(body.ownerDocument, { resultTypes: ['violations'] }),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}
