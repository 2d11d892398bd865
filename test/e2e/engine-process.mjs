/** @file The engine's process, seen from outside (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** @returns the process ids of the engines in the server's process group */
export function enginePids(server) {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => groupOf(pid) === server.pid && read(`/proc/${pid}/cmdline`).includes('worker.js'));
}

/** The second field of `stat`, a name, may hold anything; the group is the third one behind it. */
function groupOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

/** Processes end while one looks: those have nothing to read. */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    return '';
  }
}
