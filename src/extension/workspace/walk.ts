/** @file Finds the folders and files of a workspace that may be checkpoints or datasets. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** What one walk through a workspace folder found; absolute paths, sorted. */
export interface Findings {
  /** Folders with `config.json` and safetensors. */
  checkpoints: string[];
  /** JSON and JSONL files outside of checkpoints. */
  jsonFiles: string[];
  /** The walk ended early: the folder holds too much. */
  incomplete: boolean;
}

const skipped = new Set(['node_modules', 'dist', 'build', '__pycache__', 'venv']);
const maximalDepth = 6;
const maximalEntries = 50_000;

/** Hidden folders and the usual homes of foreign files are left out; links to folders are followed. */
export async function findCheckpointsAndJson(root: string): Promise<Findings> {
  const findings: Findings = { checkpoints: [], jsonFiles: [], incomplete: false };
  const pending: { folder: string; depth: number }[] = [{ folder: root, depth: 0 }];
  let entries = 0;
  for (let next = pending.shift(); next; next = pending.shift()) {
    const { folder, depth } = next;
    const { files, folders } = await list(folder);
    entries += files.length + folders.length;
    if (entries > maximalEntries) return { ...sorted(findings), incomplete: true };
    if (files.includes('config.json') && files.some(file => file.endsWith('.safetensors')))
      findings.checkpoints.push(folder);
    else findings.jsonFiles.push(...files.filter(f => /\.jsonl?$/i.test(f)).map(f => path.join(folder, f)));
    if (depth < maximalDepth)
      pending.push(...folders.map(name => ({ folder: path.join(folder, name), depth: depth + 1 })));
  }
  return sorted(findings);
}

async function list(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const files: string[] = [];
  const folders: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // unreadable: as if empty
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const target = entry.isSymbolicLink()
      ? await stat(path.join(folder, entry.name)).catch(() => undefined) // a dangling link is neither
      : entry;
    if (target?.isFile()) files.push(entry.name);
    if (target?.isDirectory() && !skipped.has(entry.name)) folders.push(entry.name);
  }
  return { files, folders };
}

function sorted(findings: Findings): Findings {
  findings.checkpoints.sort();
  findings.jsonFiles.sort();
  return findings;
}
