/** @file Child processes: output shown or captured, failure as an error. */
import { spawn } from 'node:child_process';

import { root } from './paths.mjs';

/**
 * Runs a program in the project root and resolves with its output.
 * @param {string} command
 * @param {string[]} args
 * @param {{ capture?: boolean, env?: Record<string, string>, cwd?: string, replaceEnv?: boolean }} [options]
 *   `capture` keeps the output to itself: it is in the result, or in the error's message; `env` is added to this
 *   process's environment, or with `replaceEnv` stands alone.
 * @returns {Promise<string>}
 */
export function run(command, args, { capture = false, env = {}, cwd = root, replaceEnv = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: replaceEnv ? env : { ...process.env, ...env },
      stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
    });
    const output = [];
    child.stdout?.on('data', chunk => output.push(chunk));
    child.stderr?.on('data', chunk => output.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const text = Buffer.concat(output).toString('utf8');
      if (code === 0) resolve(text);
      else {
        const line = `${[command, ...args].join(' ')} ended with ${code ?? signal}`;
        reject(new Error(text ? `${text.trimEnd()}\n${line}` : line));
      }
    });
  });
}

/** Runs a script of Node. */
export const runNode = (args, options) => run(process.execPath, args, options);

/** Runs npm: the one that started this process, where one did. */
export const runNpm = (args, options) =>
  process.env.npm_execpath
    ? runNode([process.env.npm_execpath, ...args], options)
    : run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);

/** Ends a script with one line on what went wrong. */
export function fail(error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
