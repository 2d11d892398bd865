/** @file The bridge to the extension: typed messages out, validated messages in, state that survives a reload. */
import * as v from 'valibot';

import {
  type FromRoutingPanel,
  type ToRoutingPanel,
  ToRoutingPanelSchema,
} from '../../src/protocol/panel-messages';
import { type SavedState, SavedStateSchema } from './state';

interface VsCodeApi {
  postMessage(message: FromRoutingPanel): void;
  getState(): unknown;
  setState(state: SavedState): void;
}

/** Given to every webview by VS Code; may be called once. */
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export function post(message: FromRoutingPanel): void {
  api.postMessage(message);
}

/** What was kept before a reload; undefined the first time, or when an older version wrote something else. */
export function savedState(): SavedState | undefined {
  const result = v.safeParse(SavedStateSchema, api.getState());
  return result.success ? result.output : undefined;
}

export function saveState(state: SavedState): void {
  api.setState(state);
}

/** Hands on the extension's messages; `invalid` gets one line about any that does not follow the protocol. */
export function listen(handle: (message: ToRoutingPanel) => void, invalid: (line: string) => void): void {
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const result = v.safeParse(ToRoutingPanelSchema, event.data);
    if (result.success) {
      handle(result.output);
      return;
    }
    const [issue] = result.issues;
    const where = v.getDotPath(issue) ?? 'message';
    invalid(`The routing data cannot be shown: ${where}: ${issue.message}. Trace the prompt again.`);
  });
}
