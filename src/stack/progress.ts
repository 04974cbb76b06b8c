/** What a long task says while it runs; drawn by the CLI, streamed by the daemon, printed by `--json`. */
export type Progress =
  | { readonly type: 'phase'; readonly phase: string; readonly index: number; readonly total: number }
  | { readonly type: 'step'; readonly text: string }
  | { readonly type: 'done'; readonly phase: string; readonly text: string; readonly elapsedMs: number }
  | { readonly type: 'warning'; readonly text: string };

export type OnProgress = (event: Progress) => void;
