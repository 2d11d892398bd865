/** @file Numbers with their units, as people read them. */

const space = '\u00a0';
const minus = '\u2212';

/** 0.031 → `3.1 %`. At most one decimal below ten percent, two below a tenth of a percent. */
export function percent(share: number): string {
  return `${percentDigits(100 * share)}${space}%`;
}

/** A difference of two shares: 0.35 → `+35 points` (percentage points). */
export function percentagePoints(difference: number): string {
  return `${signed(difference, percentDigits(100 * Math.abs(difference)))}${space}points`;
}

/** A relative change: 0.85 → `+85 %`; from 1000 % on as a factor: 12.3 → `+12.3×`. */
export function relativeChange(change: number): string {
  if (Math.abs(change) >= 10) return `${signed(change, Math.abs(change).toFixed(1))}×`;
  return `${signed(change, percentDigits(100 * Math.abs(change)))}${space}%`;
}

/** Fixed decimals with a sign and a proper minus. */
export function signedNumber(value: number, decimals: number): string {
  return signed(value, Math.abs(value).toFixed(decimals));
}

/** 1234567 → `1,234,567`. */
export function integer(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Seconds as `0.8 s`, `42 s`, `3 min 5 s` or `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)}${space}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${space}s`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0
    ? `${hours}${space}h ${minutes}${space}min`
    : `${minutes}${space}min ${whole % 60}${space}s`;
}

/** Bytes in decimal units: 123456789 → `123 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${space}${units[power]}`;
}

/** A token in quotation marks with white space made visible. */
export function quotedToken(text: string): string {
  return `“${text.replace(/\n/g, '↵').replace(/\t/g, '⇥').replace(/\r/g, '␍')}”`;
}

function percentDigits(value: number): string {
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 9.95 ? 0 : size < 0.095 ? 2 : 1)));
}

function signed(value: number, magnitude: string): string {
  if (Number(magnitude) === 0) return magnitude;
  return `${value < 0 ? minus : '+'}${magnitude}`;
}
