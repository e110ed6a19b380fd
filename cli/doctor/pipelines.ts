import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { listPipelines, loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { examine, type Finding, problem } from './finding.ts';

/** The pipelines that can be run, and what is wrong with the others. */
export const pipelineFindings = async (
  pipelinesDir: string,
): Promise<{ readonly findings: Finding[]; readonly pipelines: PipelineDefinition[] }> => {
  const findings: Finding[] = [];
  const pipelines: PipelineDefinition[] = [];
  for (const name of await listPipelines(pipelinesDir)) {
    findings.push(
      await examine(`pipeline ${name}`, `Correct pipelines/${name}/pipeline.yml.`, async () => {
        pipelines.push(await loadDefinition(pipelinesDir, name));
        return 'its pipeline.yml is valid';
      }),
    );
  }
  if (findings.length === 0) {
    findings.push(problem('pipelines', `${pipelinesDir} holds none`, 'Copy pipelines/flights and change it.'));
  }
  return { findings, pipelines };
};
