/** @file The page's only ways to the extension. */
import * as v from 'valibot';

import { type FromCeftView, type ToCeftView, ToCeftViewSchema } from '../../src/protocol/ceft-messages';

interface VsCodeApi {
  postMessage(message: FromCeftView): void;
}

/** Given to every webview by VS Code; may be called once. */
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export function post(message: FromCeftView): void {
  api.postMessage(message);
}

/** Hands on the extension's messages. One that does not follow the protocol is a bug: it is told in the page. */
export function listen(handle: (message: ToCeftView) => void, invalid: (line: string) => void): void {
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const parsed = v.safeParse(ToCeftViewSchema, event.data);
    if (parsed.success) handle(parsed.output);
    else invalid(`${v.getDotPath(parsed.issues[0]) ?? 'message'}: ${parsed.issues[0].message}`);
  });
}
