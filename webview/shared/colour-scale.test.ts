/** @file Colour scales: ends, order in lightness, readable text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  contrast,
  cssColour,
  dataColours,
  interpolate,
  isDark,
  luminance,
  paintCells,
  parseColour,
  readableOn,
  type Rgb,
} from './colour-scale';

const dark: Rgb = [31, 31, 31];
const light: Rgb = [255, 255, 255];
const rgb = fc.tuple(
  fc.integer({ min: 0, max: 255 }),
  fc.integer({ min: 0, max: 255 }),
  fc.integer({ min: 0, max: 255 }),
);

describe('luminance and contrast', () => {
  it('agree with the values of WCAG 2', () => {
    expect(luminance([0, 0, 0])).toBe(0);
    expect(luminance([255, 255, 255])).toBeCloseTo(1, 12);
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 10);
    // #767676 is the lightest grey that passes AA on white.
    expect(contrast([0x76, 0x76, 0x76], [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
    expect(contrast([0x77, 0x77, 0x77], [255, 255, 255])).toBeLessThan(4.5);
  });
});

describe('interpolate', () => {
  const stops: Rgb[] = [
    [0, 0, 0],
    [100, 0, 0],
    [100, 200, 0],
  ];
  it('meets its stops and is linear between them', () => {
    expect(interpolate(stops, 0)).toEqual([0, 0, 0]);
    expect(interpolate(stops, 0.25)).toEqual([50, 0, 0]);
    expect(interpolate(stops, 0.5)).toEqual([100, 0, 0]);
    expect(interpolate(stops, 0.75)).toEqual([100, 100, 0]);
    expect(interpolate(stops, 1)).toEqual([100, 200, 0]);
  });
  it('takes the nearest end outside its range', () => {
    expect(interpolate(stops, -3)).toEqual([0, 0, 0]);
    expect(interpolate(stops, 7)).toEqual([100, 200, 0]);
    expect(interpolate(stops, NaN)).toEqual([0, 0, 0]);
  });
});

describe.each([
  ['dark', dark],
  ['light', light],
  ['high contrast', [0, 0, 0] as Rgb],
])('scales on a %s background', (_, background) => {
  const colours = dataColours(background);
  const steps = Array.from({ length: 21 }, (_, i) => i / 20);

  it('have series that stand out (3 : 1, WCAG 1.4.11) and differ', () => {
    for (const colour of colours.series) expect(contrast(colour, background)).toBeGreaterThanOrEqual(3);
    expect(new Set(colours.series.map(String)).size).toBe(7);
  });
  it('start at the background and move away from it in lightness', () => {
    expect(colours.sequential(0)).toEqual(background);
    expect(colours.diverging(0.5)).toEqual(background);
    const contrasts = steps.map(step => contrast(colours.sequential(step), background));
    expect(contrasts).toEqual([...contrasts].sort((a, b) => a - b));
    const below = steps.map(step => contrast(colours.diverging(0.5 - step / 2), background));
    expect(below).toEqual([...below].sort((a, b) => a - b));
  });

  it('give the ★ a colour that can be read as text', () => {
    expect(contrast(colours.faithful, background)).toBeGreaterThanOrEqual(4.5);
  });

  it('order expert indices by lightness', () => {
    const luminances = steps.map(step => luminance(colours.index(step)));
    expect(luminances).toEqual([...luminances].sort((a, b) => a - b));
  });
});

describe('readableOn', () => {
  it('always reaches 4.5 : 1', () => {
    fc.assert(
      fc.property(rgb, rgb, (background, preferred) => {
        expect(contrast(readableOn(background, preferred), background)).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });
  it('keeps the preferred colour where it can be read', () => {
    expect(readableOn([31, 31, 31], [204, 204, 204])).toEqual([204, 204, 204]);
  });
});

describe('paintCells', () => {
  it('writes one opaque pixel for each cell, row by row', () => {
    const grey = (position: number): Rgb => [position * 100, 0, 0];
    expect([
      ...paintCells(
        [
          [0, 1],
          [2, 0.5],
        ],
        grey,
      ),
    ]).toEqual([0, 0, 0, 255, 100, 0, 0, 255, 200, 0, 0, 255, 50, 0, 0, 255]);
  });
  it('accepts no cells', () => {
    expect(paintCells([], () => dark)).toHaveLength(0);
  });
});

describe('CSS colours', () => {
  it('are read in the forms that browsers compute', () => {
    expect(parseColour('rgb(31, 32, 33)')).toEqual([31, 32, 33]);
    expect(parseColour('rgba(31, 32, 33, 0.5)')).toEqual([31, 32, 33]);
    expect(parseColour('color(srgb 1 0.2 0 / 0.4)')).toEqual([255, 51, 0]);
    expect(parseColour('transparent')).toBeUndefined();
  });
  it('are written for CSS', () => {
    expect(cssColour([1, 2, 3])).toBe('rgb(1, 2, 3)');
    expect(cssColour([1, 2, 3], 0.5)).toBe('rgba(1, 2, 3, 0.5)');
  });
  it('say whether a background is dark', () => {
    expect([isDark([31, 31, 31]), isDark([255, 255, 255]), isDark([0, 43, 54])]).toEqual([true, false, true]);
  });
});
