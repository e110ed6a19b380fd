import type { Clock } from '#local/eventbridge/clock.ts';

/** A clock that moves only when told, and then calls what has come due, in its order. */
export const manualClock = (start: string): Clock & { advanceTo(time: string): void } => {
  let now = new Date(start);
  let calls: { readonly time: Date; readonly run: () => void }[] = [];
  return {
    now: () => now,
    at(time, run) {
      const call = { time, run };
      calls.push(call);
      return () => {
        calls = calls.filter((other) => other !== call);
      };
    },
    advanceTo(time) {
      for (;;) {
        calls.sort((a, b) => a.time.getTime() - b.time.getTime());
        if (!calls[0] || calls[0].time > new Date(time)) break;
        const { time: due, run } = calls.shift()!;
        now = due;
        run();
      }
      now = new Date(time);
    },
  };
};
