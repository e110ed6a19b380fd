// The alarms of the pipelines, for `resources` in serverless.yml: ${file(resources/pipeline-alarms.cjs)}.
const { join } = require('node:path');

module.exports = async ({ resolveVariable }) => {
  const { pipelineAlarms } = await import('./pipeline-alarms.ts');
  return {
    Resources: await pipelineAlarms(join(__dirname, '..', 'pipelines'), {
      stage: await resolveVariable('sls:stage'),
      topicArn: await resolveVariable('self:custom.alarmTopicArn'),
      now: new Date(),
    }),
  };
};
