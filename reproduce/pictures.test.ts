import { describe, expect, it } from 'vitest';

import { type SvgElement, svgElements } from '../test/helpers/svg';
import { picturesOf } from './pictures';
import { twoSeeds } from './testing/measurements';

const textsIn = (elements: readonly SvgElement[]): string[] =>
  elements.filter(({ name }) => name === 'text').map(({ text }) => text);

describe('pictures', () => {
  const pictures = picturesOf(twoSeeds);
  const textsOf = (name: string): string[] => textsIn(svgElements(pictures[name]));

  it('methods: the means over seeds of all tests', () => {
    const texts = textsOf('methods.svg');
    for (const mean of ['30.0', '82.0', '91.0', '86.0', '55.0']) expect(texts).toContain(mean);
  });

  it('masking: a bar for each condition', () => {
    const texts = textsOf('masking.svg');
    const named = ['base', 'RT', 'RT, 2 random masked', 'RT, 2 OE masked', 'RT, 2 CE masked'];
    expect(texts.filter(text => named.includes(text))).toEqual(named);
    expect(texts).toEqual(expect.arrayContaining(['68.0', '41.0', '22.0']));
  });

  it('layers: a dot for each layer and gain', () => {
    const dots = svgElements(pictures['layers.svg']).filter(({ name }) => name === 'circle');
    expect(dots.length).toBe(3 * 2);
  });

  it('transfer: gains with their deviations', () => {
    expect(textsOf('transfer.svg')).toEqual(expect.arrayContaining(['+52.0', '± 2.8', '−2.0']));
  });

  it('do without deviations where there is one seed', () => {
    const first = <T>(list: readonly T[]): T[] => list.slice(0, 1);
    const { methods, masking, inside, transfer, experts } = twoSeeds;
    const oneSeed = {
      ...{ ...twoSeeds, seeds: [0] },
      ...{ methods: first(methods), masking: first(masking), inside: first(inside) },
      ...{ transfer: first(transfer), experts: first(experts) },
    };
    for (const svg of Object.values(picturesOf(oneSeed))) {
      expect(svg).not.toContain('NaN');
      expect(svgElements(svg)[0].name).toBe('svg');
    }
  });
});
