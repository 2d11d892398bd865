/** @file The bridge to the extension: typed messages out, validated messages in, state that survives a reload. */
import { t } from '@vscode/l10n';
import * as v from 'valibot';

/** Given to every webview by VS Code; may be called once. */
declare function acquireVsCodeApi(): {
  postMessage(message: unknown): void;
  setState(state: unknown): void;
};

/**
 * @param Out what the page says
 * @param State what is kept over a reload, and given to the extension when it restores the panel
 */
export class Host<Out, State> {
  private readonly api = acquireVsCodeApi();

  readonly post = (message: Out): void => this.api.postMessage(message);

  keep(state: State): void {
    this.api.setState(state);
  }

  /** Hands on the extension's messages; `invalid` gets one line about any that does not follow the protocol. */
  listen<S extends v.GenericSchema>(
    schema: S,
    handle: (message: v.InferOutput<S>) => void,
    invalid: (line: string) => void,
  ): void {
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      const result = v.safeParse(schema, event.data);
      if (result.success) {
        handle(result.output);
        return;
      }
      const [issue] = result.issues;
      const where = v.getDotPath(issue) ?? t('message');
      invalid(t('This cannot be shown: {0}: {1}.', where, issue.message));
    });
  }
}
