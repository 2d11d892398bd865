/** @file Where checkpoints for the bench are kept from one run to the next. */
import { tmpdir } from 'node:os';
import path from 'node:path';

export const temporaryFolder = path.join(tmpdir(), 'router-lens-bench');
