/** @file The key of a colour scale: low end, ramp, high end, what is shown. */
import { cssColour, type Scale } from './colour-scale';
import { element } from './dom';

/** A ramp between its two ends, with a caption that names the quantity where the page does not. */
export function legend(scale: Scale, low: string, high: string, caption = ''): HTMLElement {
  const ramp = element('span', { class: 'ramp', 'aria-hidden': 'true' });
  const stops = Array.from({ length: 11 }, (_, i) => cssColour(scale(i / 10)));
  ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  return element(
    'span',
    { class: 'legend' },
    low,
    ramp,
    high,
    ...(caption === '' ? [] : [element('span', {}, caption)]),
  );
}
