/** @file The page's colours, read from the CSS variables of `theme.css` or of the report, for what is drawn on a canvas. */
import { cssColour, type DataColours, dataColours, parseColour, type Rgb } from './colour-scale';

export interface Theme {
  background: Rgb;
  foreground: Rgb;
  muted: Rgb;
  line: Rgb;
  accent: Rgb;
  /** CSS `font-family` of the page. */
  font: string;
  data: DataColours;
}

/** Reads the present theme, and offers the ★ colour that goes with it to style sheets as `--faithful`. */
export function readTheme(): Theme {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const colour = (variable: string, otherwise: Rgb): Rgb => {
    probe.style.color = `var(${variable})`;
    return parseColour(getComputedStyle(probe).color) ?? otherwise;
  };
  const background = colour('--background', [255, 255, 255]);
  const foreground = colour('--foreground', [0, 0, 0]);
  const theme: Theme = {
    background,
    foreground,
    muted: colour('--muted', foreground),
    line: colour('--line', foreground),
    accent: colour('--accent', foreground),
    font: getComputedStyle(document.body).fontFamily,
    data: dataColours(background),
  };
  probe.remove();
  document.body.style.setProperty('--faithful', cssColour(theme.data.faithful));
  return theme;
}

/** Calls `changed` after VS Code switched the colour theme: it rewrites the root's variables and the body's class. */
export function watchTheme(changed: (theme: Theme) => void): void {
  const observer = new MutationObserver(() => changed(readTheme()));
  observer.observe(document.documentElement, { attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-kind'] });
}
