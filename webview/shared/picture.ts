/** @file The small menu of a figure: its picture on the clipboard or as a file, its numbers as CSV. */
import { t } from '@vscode/l10n';

import type { SaveFileMessage } from '../../src/protocol/save-file';
import { element } from './dom';
import { popupMenu } from './popup-menu';

/** Hands a file to the extension, which asks where it goes. */
export type SaveFile = (file: SaveFileMessage) => void;

/** What can be made of a figure, when it is asked for. */
export interface Picture {
  /** Of the figure; files are named after it. */
  title: () => string;
  /** An SVG document with `width` and `height`. */
  svg: () => string;
  csv?: () => string;
}

/** A button that opens the menu, and a line that says what came of it. */
export function pictureMenu(picture: Picture, save: SaveFile): { root: HTMLElement } {
  const status = element('span', { class: 'visually-hidden', role: 'status' });
  const file = (mime: SaveFileMessage['mime'], data: string): void =>
    save({ type: 'save-file', name: fileName(picture.title(), mime), mime, data });
  const items = [
    { name: t('Copy PNG'), run: () => copy(picture.svg()).then(() => t('Copied.')) },
    {
      name: t('Save PNG…'),
      run: async () => file('image/png', await base64(await png(picture.svg()))),
    },
    { name: t('Save SVG…'), run: () => file('image/svg+xml', picture.svg()) },
    ...(picture.csv ? [{ name: t('Save CSV…'), run: () => file('text/csv', picture.csv?.() ?? '') }] : []),
  ];
  const menu = popupMenu(
    { label: t('Picture and numbers of “{0}”', picture.title()), text: '⤓' },
    items.map(({ name, run }) => ({
      name,
      run: () => {
        Promise.resolve(run()).then(
          said => (status.textContent = said ?? ''),
          (error: unknown) => (status.textContent = t('Did not work: {0}', String(error))),
        );
      },
    })),
  );
  return { root: element('span', { class: 'picture-menu' }, menu, status) };
}

const endings: Record<SaveFileMessage['mime'], string> = {
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'text/csv': 'csv',
};

/** `Loss by step, nats` → `loss-by-step-nats.png`. */
export function fileName(title: string, mime: SaveFileMessage['mime']): string {
  const stem = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
  return `${stem === '' ? 'figure' : stem.slice(0, 80)}.${endings[mime]}`;
}

async function copy(svg: string): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png(svg) })]);
}

/** Twice the size that the document says: sharp on every screen. */
async function png(svg: string): Promise<Blob> {
  const image = new Image();
  // A data address, not a blob: the page's policy allows these.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = element('canvas', { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      blob => (blob ? resolve(blob) : reject(new Error(t('The picture is too large.')))),
      'image/png',
    );
  });
}

async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  // In pieces: a function takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
