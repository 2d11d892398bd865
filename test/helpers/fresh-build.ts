/** @file Bundles the command line before its tests, unless it is newer than all sources. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export default function buildIfStale(): void {
  const built = modified(path.join(root, 'dist/cli.js'));
  const sources = ['src', 'webview', 'esbuild.mjs', 'package.json'].flatMap(name =>
    files(path.join(root, name)),
  );
  if (sources.some(file => modified(file) > built))
    execFileSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
}

/** Milliseconds; 0 for what does not exist. */
function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** A file, or all files below a folder. */
function files(start: string): string[] {
  if (!statSync(start).isDirectory()) return [start];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name));
}
