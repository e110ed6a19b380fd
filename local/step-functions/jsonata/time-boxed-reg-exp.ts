import { createContext, Script } from 'node:vm';

/**
 * A regular expression that gives up after a second, as one that backtracks does for hours: nothing else of the process
 * has a turn meanwhile.
 */
export class TimeBoxedRegExp extends RegExp {
  override exec(text: string): RegExpExecArray | null {
    scope.search = () => super.exec(text);
    try {
      return SEARCH.runInContext(scope, { timeout: TIME_LIMIT_MILLISECONDS }) as RegExpExecArray | null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new Error(
        `U1001: The regular expression ${this} took too long; look for repetitions inside of repetitions.`,
        { cause: error },
      );
    }
  }
}

/** A script of its own, because only that can be given a time limit. */
const SEARCH = new Script('search()');
const scope = createContext({});

const TIME_LIMIT_MILLISECONDS = 1_000;
