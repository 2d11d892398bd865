/** @file Colours and sizes of all figures. The colours can be told apart without hue or with any colour vision (Okabe & Ito, 2008). */
export const ink = '#1f2328';
export const muted = '#59636e';
export const gridLine = '#e4e7eb';
export const paper = '#ffffff';

export const blue = '#0072b2';
export const vermilion = '#d55e00';
const palette = [blue, '#e69f00', '#009e73', '#cc79a7', vermilion, '#56b4e9', '#000000'];

/** The untuned model, in every figure. */
export const baseColour = '#8c959f';

/** The colour of the n-th series; from the eighth on they come again. */
export function seriesColour(n: number): string {
  return palette[n % palette.length];
}

/** Lengths of strokes and gaps. */
export type Dash = readonly number[];
/** The untuned model is dashed in every figure. */
export const baseDash: Dash = [5, 3];
const dashes: readonly Dash[] = [[], [6, 3], [2, 3], [9, 3, 2, 3]];

/** The dashes of the n-th series: with its colour it is unlike the 27 before it. */
export function seriesDash(n: number): Dash {
  return dashes[n % dashes.length];
}

export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';
export const fontSize = 12;

/** Width of a text, roughly: enough to keep labels apart. */
export function textWidth(text: string, size = fontSize): number {
  return text.length * size * 0.56;
}

/** The end of a text that is too long says which one it is; its beginning is cut. */
export function shortened(text: string, characters: number): string {
  return text.length <= characters ? text : `…${text.slice(text.length - characters + 1)}`;
}
