import type { Clock } from '#local/eventbridge/clock.ts';
import { InvalidPipelineError } from '#shared/errors.ts';
import { listPipelines, loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { type ScheduleTargetOptions, scheduleTarget } from './schedule-target.ts';
import { type PipelineSchedule, type Scheduler, startScheduler } from './scheduler.ts';

export interface KeepSchedulesOptions extends ScheduleTargetOptions {
  readonly pipelinesDir: string;
  readonly file: string;
  readonly clock?: Clock;
  /** Hears of pipelines that have no schedules for their mistakes, and of runs that couldn't be handed over. */
  readonly onProblem: (text: string) => void;
}

/** Keeps the schedules of all pipelines: each hands its runs to the function that AWS's schedules call. */
export const keepSchedules = async (options: KeepSchedulesOptions): Promise<Scheduler> => {
  const { pipelinesDir, file, clock, onProblem } = options;
  const target = scheduleTarget(options);
  const scheduler = await startScheduler({
    file,
    schedules: await schedulesOf(pipelinesDir, onProblem),
    start(run) {
      target.call(run).catch((error: Error) => {
        onProblem(`The run of ${run.pipeline} that was due at ${run.occurrence} wasn't started: ${error.message}`);
      });
    },
    ...(clock && { clock }),
  });
  return {
    ...scheduler,
    async close() {
      await scheduler.close();
      target.close();
    },
  };
};

const schedulesOf = async (pipelinesDir: string, onProblem: (text: string) => void): Promise<PipelineSchedule[]> => {
  const schedules: PipelineSchedule[] = [];
  for (const pipeline of await listPipelines(pipelinesDir)) {
    try {
      const definition = await loadDefinition(pipelinesDir, pipeline);
      schedules.push(...definition.schedule.map((schedule) => ({ pipeline, schedule })));
    } catch (error) {
      if (!(error instanceof InvalidPipelineError)) throw error;
      onProblem(`The schedules of ${pipeline} are not kept. ${error.message}`);
    }
  }
  return schedules;
};
