/** @file The version of Router Lens, from package.json (bundled in). */
import { version as packageVersion } from '../../package.json';

export const version: string = packageVersion;
