/** @file Colours of data: scales that start at the page's background and differ in lightness, so that they need no hue to be read. */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** A colour for a position from 0 to 1. */
export type Scale = (position: number) => Rgb;

export interface DataColours {
  /** 0: background, 1: most. */
  sequential: Scale;
  /** 0: most below zero (blue), 0.5: zero (background), 1: most above zero (orange). */
  diverging: Scale;
  /** Cividis, for numbers that name something (expert indices). */
  index: Scale;
  /** The colour of context-faithful experts. */
  faithful: Rgb;
  /** Colours of lines, bars and points; after the last one they come again. */
  series: readonly Rgb[];
}

const white: Rgb = [255, 255, 255];
const black: Rgb = [0, 0, 0];
const cividis: readonly Rgb[] = [
  [0, 34, 78],
  [65, 77, 107],
  [125, 124, 120],
  [188, 175, 111],
  [254, 232, 56],
];
const onDark = {
  orange: [
    [92, 58, 24],
    [190, 110, 30],
    [255, 196, 92],
  ] as readonly Rgb[],
  blue: [
    [28, 62, 96],
    [48, 124, 192],
    [138, 204, 255],
  ] as readonly Rgb[],
  faithful: [242, 163, 58] as Rgb,
  // Okabe & Ito (2008), as far as they stand out from a dark page.
  series: [
    [86, 180, 233],
    [230, 159, 0],
    [0, 178, 130],
    [220, 140, 185],
    [240, 228, 66],
    [230, 110, 30],
    [210, 210, 210],
  ] as readonly Rgb[],
};
const onLight = {
  orange: [
    [253, 224, 178],
    [246, 160, 70],
    [170, 68, 8],
  ] as readonly Rgb[],
  blue: [
    [200, 223, 246],
    [98, 160, 220],
    [8, 76, 156],
  ] as readonly Rgb[],
  faithful: [168, 86, 0] as Rgb,
  // The same, darker.
  series: [
    [0, 114, 178],
    [196, 112, 0],
    [0, 134, 98],
    [176, 82, 138],
    [128, 112, 0],
    [60, 140, 200],
    [60, 60, 60],
  ] as readonly Rgb[],
};

/** The scales that belong to a page of this background. */
export function dataColours(background: Rgb): DataColours {
  const ramps = isDark(background) ? onDark : onLight;
  return {
    sequential: position => interpolate([background, ...ramps.orange], position),
    diverging: position =>
      position < 0.5
        ? interpolate([background, ...ramps.blue], 1 - 2 * position)
        : interpolate([background, ...ramps.orange], 2 * position - 1),
    index: position => interpolate(cividis, position),
    faithful: ramps.faithful,
    series: ramps.series,
  };
}

/** Linear between stops at equal distances. Positions outside 0 to 1, and NaN, take the nearest end. */
export function interpolate(stops: readonly Rgb[], position: number): Rgb {
  const scaled = Math.min(1, Math.max(0, position || 0)) * (stops.length - 1);
  const lower = Math.min(stops.length - 2, Math.floor(scaled));
  const [from, to, share] = [stops[lower], stops[lower + 1], scaled - lower];
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + (to[channel] - from[channel]) * share);
  return [mix(0), mix(1), mix(2)];
}

/** Relative luminance (WCAG 2), 0 black to 1 white. */
export function luminance([red, green, blue]: Rgb): number {
  const linear = (channel: number): number =>
    channel <= 10.31475 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** Contrast ratio (WCAG 2), 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Whether white text is easier to read on this background than black text. */
export function isDark(background: Rgb): boolean {
  return contrast(background, white) > contrast(background, black);
}

/** `preferred` where it is readable on `background` (4.5 : 1), otherwise black or white. */
export function readableOn(background: Rgb, preferred: Rgb): Rgb {
  if (contrast(background, preferred) >= 4.5) return preferred;
  return isDark(background) ? white : black;
}

/** One opaque RGBA pixel for each cell, row by row. `positions` are in the scale's 0 to 1. */
export function paintCells(
  positions: readonly (readonly number[])[],
  scale: Scale,
): Uint8ClampedArray<ArrayBuffer> {
  const columns = positions[0]?.length ?? 0;
  const pixels = new Uint8ClampedArray(positions.length * columns * 4);
  positions.forEach((row, r) =>
    row.forEach((position, c) => {
      const at = (r * columns + c) * 4;
      [pixels[at], pixels[at + 1], pixels[at + 2]] = scale(position);
      pixels[at + 3] = 255;
    }),
  );
  return pixels;
}

/** For CSS and canvas. */
export function cssColour([red, green, blue]: Rgb, alpha = 1): string {
  return alpha === 1 ? `rgb(${red}, ${green}, ${blue})` : `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

/** Reads a computed CSS colour: `rgb(…)`, `rgba(…)` or `color(srgb …)`. Transparency is dropped. */
export function parseColour(text: string): Rgb | undefined {
  const [red, green, blue] = (text.replace(/^[a-z]+\((srgb )?/, '').match(/[\d.]+(e-?\d+)?/g) ?? []).map(
    Number,
  );
  if (blue === undefined) return undefined;
  const factor = text.startsWith('color(srgb') ? 255 : 1;
  return [red * factor, green * factor, blue * factor];
}
