import type { Terminal } from '#cli/terminal.ts';

export interface RecordingTerminal extends Terminal {
  /** Lines of the result. */
  readonly lines: string[];
  /** Lines beside the result. */
  readonly notes: string[];
  readonly statuses: (string | undefined)[];
}

/** Keeps what is printed, without colours. */
export const recordingTerminal = ({ isLive = false } = {}): RecordingTerminal => {
  const lines: string[] = [];
  const notes: string[] = [];
  const statuses: (string | undefined)[] = [];
  return {
    lines,
    notes,
    statuses,
    isLive,
    print: (line = '') => void lines.push(line),
    note: (line) => void notes.push(line),
    status: (line) => void statuses.push(line),
    style: (_, text) => text,
  };
};
